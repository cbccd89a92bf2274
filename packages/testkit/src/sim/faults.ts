import type { Chance } from './chance.ts';

/** What may go wrong in one history; each is a probability, 0 where it is switched off. */
export interface Faults {
  readonly dropRequest: number;
  /** After the server has committed. */
  readonly dropResponse: number;
  readonly duplicateRequest: number;
  /** Of a request or response: to seconds, rarely to hours. */
  readonly delay: number;
  readonly truncateBody: number;
  readonly captivePortal: number;
  readonly serverError: number;
  /** Kills the device in the middle of whatever it does. */
  readonly crash: number;
  readonly cutLink: number;
  /** Sets a device's clock by up to ten years. */
  readonly wrongClock: number;
  /** Holds a server transaction open while others commit. */
  readonly slowTransaction: number;
  /** Other programs change rows on the server. */
  readonly directChange: number;
}

const STRENGTH: Faults = {
  dropRequest: 0.15,
  dropResponse: 0.2,
  duplicateRequest: 0.15,
  delay: 0.3,
  truncateBody: 0.1,
  captivePortal: 0.1,
  serverError: 0.1,
  crash: 0.06,
  cutLink: 0.1,
  wrongClock: 0.03,
  slowTransaction: 0.3,
  directChange: 0.08,
};

/** Swarm testing (Groce et al., 2012): each history has its own random part of the faults. */
export function chooseFaults(chance: Chance): Faults {
  const chosen = Object.entries(STRENGTH).map(([name, strength]) => [name, chance.happens(0.5) ? strength : 0]);
  return Object.fromEntries(chosen) as unknown as Faults;
}

export const NO_FAULTS = Object.fromEntries(Object.keys(STRENGTH).map((name) => [name, 0])) as unknown as Faults;
