import { type BackoffOptions, backoffMs } from './backoff.ts';

/**
 * What is known of one address (NW3). Pure; times are of the clock that only goes forward.
 *
 *   closed ── failures in a row ──► open ── due, or nobody else left: one probe ──► closed
 *                                    ▲                                  │
 *                                    └────────── the probe fails ◄──────┘
 */
export interface HostHealth {
  /** Failures in a row. */
  readonly failures: number;
  /** How often in a row the breaker opened. */
  readonly openings: number;
  /** Null while closed. */
  readonly openUntil: number | null;
}

export const HEALTHY: HostHealth = { failures: 0, openings: 0, openUntil: null };

/** Failures in a row that open the breaker. */
const OPENS_AT = 2;
const OPEN_FOR: BackoffOptions = { floorMs: 5_000, ceilingMs: 5 * 60_000 };

/** @param chance from 0 up to 1 */
export function afterFailure(host: HostHealth, now: number, chance: number): HostHealth {
  const failures = host.failures + 1;
  if (failures < OPENS_AT && host.openUntil === null) return { ...host, failures };
  return {
    failures,
    openings: host.openings + 1,
    openUntil: now + backoffMs(host.openings + 1, chance, null, OPEN_FOR),
  };
}

/** Which address serves a request, by its place in the list. An open one only if a probe says so first. */
export interface HostChoice {
  readonly host: number;
  readonly probeFirst: boolean;
}

/**
 * The first healthy address in the order given. Where there is none: of those that are due the one that
 * waited longest and, before anything was tried, of all: whoever decided that now is the time to try knew why.
 */
export function chooseHost(hosts: readonly HostHealth[], tried: ReadonlySet<number>, now: number): HostChoice | null {
  const left = hosts.map((health, host) => ({ host, ...health })).filter(({ host }) => !tried.has(host));
  const closed = left.find(({ openUntil }) => openUntil === null);
  if (closed !== undefined) return { host: closed.host, probeFirst: false };
  const due = tried.size === 0 ? left : left.filter(({ openUntil }) => openUntil !== null && openUntil <= now);
  const [first] = due.sort((a, b) => (a.openUntil ?? 0) - (b.openUntil ?? 0));
  return first === undefined ? null : { host: first.host, probeFirst: true };
}

/** While `serving` serves: the address before it that is due to be asked whether it is well again. */
export function hostToProbe(hosts: readonly HostHealth[], serving: number, now: number): number | null {
  const due = hosts.findIndex(({ openUntil }, host) => host < serving && openUntil !== null && openUntil <= now);
  return due < 0 ? null : due;
}
