/** The server sent a change of a record that this device does not have: they believe different things. */
export class Diverged extends Error {}
