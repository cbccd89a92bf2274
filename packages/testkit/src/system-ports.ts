import { randomBytes } from 'node:crypto';

/** The real clock and chance, for tests of what depends on a database that has its own anyway. */
export const systemPorts = {
  clock: { now: () => Date.now() },
  random: { bytes: (length: number): Uint8Array => randomBytes(length), fraction: () => Math.random() },
};
