/**
 * The words of the ready-made components, in English.
 *
 * For translators: the reader stands in a doorway, in the sun, perhaps in a second language. Write short
 * sentences in everyday words. Being offline is normal here, so nothing may sound like an error or blame
 * anyone. A count is always a whole number from 0; use your language's plural rules. Each message below
 * says where it stands.
 */
export const english = {
  /** Badge of a record, one or two words. It is stored on this device and nowhere else yet. */
  savedHere: 'Saved here',
  /** Badge of a record. It is on its way to the server, or the server has just taken it. */
  sending: 'Sending',
  /** Badge of a record. The server has it. */
  sent: 'Sent',
  /** Badge of a record. A person has to decide something about it. */
  needsYou: 'Needs you',

  /** Status line: there is no link to the server. Normal, and nothing to worry about. */
  noLink: 'No link.',
  /** Status line: it is not known yet whether there is a link. */
  lookingForLink: 'Looking for a link.',
  /** Status line: entries are being sent at this moment. */
  sendingNow: 'Sending.',
  /** Status line: records are being fetched at this moment. */
  fetching: 'Fetching.',
  /** Status line: the server did not answer properly; the device tries again by itself. */
  tryingAgain: 'The server is not answering. Trying again by itself.',
  /** Status line: the person has to sign in before anything can be sent. */
  signInToSend: 'Sign in to send.',
  /** Status line: this app is too old for the server. Nothing is lost. */
  updateToSend: 'Update this app to send.',
  /** Status line: the person has paused sending. */
  paused: 'Sending is paused.',
  /** Status line: the link is there and everything has been sent. */
  allSent: 'Everything is sent.',
  /** Status line: how many entries are on this device only. `count` is at least 1. */
  entriesHere: (count: number) => (count === 1 ? '1 entry saved here.' : `${wholeNumber(count)} entries saved here.`),
  /** Status line: how many entries wait for a person's decision. `count` is at least 1. */
  entriesNeedYou: (count: number) => (count === 1 ? '1 needs you.' : `${wholeNumber(count)} need you.`),
  /** Status line: how many records have been fetched so far. `count` is at least 1. */
  fetched: (count: number) => `${wholeNumber(count)} records fetched so far.`,
};

/** A catalogue in another language has the same keys. */
export type Messages = typeof english;

function wholeNumber(count: number): string {
  return count.toLocaleString('en');
}
