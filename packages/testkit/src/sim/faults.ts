import type { Chance } from './chance.ts';

/**
 * How strong each fault is when a history has it: the chance for each request, statement, transaction or
 * step. The names in brackets are those of the table of faults.
 */
const STRENGTH = {
  // the way to the server
  dropRequest: 0.15, // [F1]
  /** After the server has committed. [F1r] */
  dropResponse: 0.2,
  duplicateRequest: 0.15, // [F2]
  /** Of a request or response, by seconds: they overtake each other. [F2] */
  delay: 0.3,
  /** By up to 48 hours. [F2] */
  longDelay: 0.02,
  truncateBody: 0.1, // [F3]
  /** A proxy on the way adds to it. [F3] */
  corruptBody: 0.1,
  /** Somebody's page with status 200, 511 or another. [F3] */
  captivePortal: 0.1,
  /** 500, 502, 503, with and without `Retry-After`, from the server or from a proxy before it. [F3] */
  serverError: 0.1,
  /** 429 with `Retry-After`. [F3] */
  tooMany: 0.05,
  /** 413 for more than a few mutations. [F3] */
  tooLarge: 0.1,
  /** A cache gives an older answer. [F3] */
  staleAnswer: 0.05,
  cutLink: 0.1,
  // the device
  /** Kills it in the middle of a write. [F4] */
  crash: 0.06,
  /** Kills it at a statement of a transaction. [F4] */
  crashAtStatement: 0.05,
  /** Each statement takes its time, so that a kill finds transactions half done. [F4] */
  slowDisk: 0.3,
  /** Closes the app in good order. */
  close: 0.04,
  /** The disk is full, for a statement or for a while. [F15] */
  diskFull: 0.06,
  /** Years off, by leaps and back. [F7] */
  wrongClock: 0.04,
  /** Stands still, or goes twice as fast. [F7] */
  brokenClock: 0.03,
  /** A tab is frozen, loses its locks, and thaws. [F14] */
  freezeTab: 0.08,
  /** Two devices go on from one disk. [F11] */
  clone: 0.02,
  /** Writes what no form would. [F16] */
  poison: 0.06,
  /** A device that holds only some scopes, some collections, or what is young; no fault, but it finds them. */
  holdsPart: 0.5,
  // the server
  /** Holds a transaction open while others commit. [F6] */
  slowTransaction: 0.3,
  /** Before or after a commit, or in the middle. [F5] */
  serverCrash: 0.04,
  /** Backups are taken, and gone back to. [F12] */
  restore: 0.03,
  /** Tombstones are forgotten, also such as somebody has not read. [F13, F10] */
  compaction: 0.05,
  /** Other programs change rows. */
  directChange: 0.08,
  /** A newer app, a newer server, and the older server again. [F8] */
  deploy: 0.05,
  /** Tokens end; the new one comes later. [F9] */
  tokenEnds: 0.05,
  /** A user gets other scopes or another role. [F9] */
  rightsChange: 0.05,
  /** Everybody is away for months but one. [F10] */
  months: 0.01,
} as const;

export type Fault = keyof typeof STRENGTH;

/** What may go wrong in one history; each is a probability, 0 where it is switched off. */
export type Faults = Readonly<Record<Fault, number>>;

export const NO_FAULTS: Faults = { ...STRENGTH };
for (const name of Object.keys(STRENGTH)) Object.assign(NO_FAULTS, { [name]: 0 });

/** Swarm testing (Groce et al., 2012): each history has its own random part of the faults. */
export function chooseFaults(chance: Chance): Faults {
  // Some histories have few: many faults at once hide each other.
  const share = chance.pick([0.15, 0.3, 0.5]);
  const chosen: Record<string, number> = { ...NO_FAULTS };
  for (const [name, strength] of Object.entries(STRENGTH)) if (chance.happens(share)) chosen[name] = strength;
  return chosen as Faults;
}

/** Those that a history has, to be printed. */
export function chosenFaults(faults: Faults): Partial<Faults> {
  return Object.fromEntries(Object.entries(faults).filter(([, strength]) => strength > 0));
}
