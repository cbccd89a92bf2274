import type { Brand } from '../ids/brand.ts';

/**
 * A hybrid logical clock reading, taken on the device when the person acted: twelve hexadecimal
 * digits of milliseconds since 1970 and four of a counter, so that text order is time order.
 * (Kulkarni et al., "Logical Physical Clocks", 2014.) Ties are broken by the mutation's id.
 */
export type Stamp = Brand<string, 'Stamp'>;

export const STAMP_PATTERN = /^[0-9a-f]{16}$/;
const MAX_MS = 0xffff_ffff_ffff;
const MAX_COUNTER = 0xffff;

/** Before every stamp a device takes: what a clock starts from. */
export const STAMP_ZERO = '0000000000000000' as Stamp;

export function stampOf(ms: number, counter: number): Stamp {
  const time = Math.max(0, Math.min(Math.trunc(ms), MAX_MS));
  return (time.toString(16).padStart(12, '0') + counter.toString(16).padStart(4, '0')) as Stamp;
}

export function stampMs(stamp: Stamp): number {
  return Number.parseInt(stamp.slice(0, 12), 16);
}

function stampCounter(stamp: Stamp): number {
  return Number.parseInt(stamp.slice(12), 16);
}

/** The least stamp after this one; a full counter carries into the milliseconds (hazard D5). */
export function stampAfter(stamp: Stamp): Stamp {
  const counter = stampCounter(stamp);
  return counter < MAX_COUNTER ? stampOf(stampMs(stamp), counter + 1) : stampOf(stampMs(stamp) + 1, 0);
}

/** The next reading of a clock that last said `last`, at `nowMs`. Never goes back (hazard D4). */
export function tick(last: Stamp, nowMs: number): Stamp {
  const now = stampOf(nowMs, 0);
  return now > last ? now : stampAfter(last);
}

/** The clock after seeing `seen`: its next tick is later than both. */
export function observe(last: Stamp, seen: Stamp): Stamp {
  return seen > last ? seen : last;
}

/**
 * CF10: a stamp ahead of the server by more than the allowed drift becomes the latest one allowed.
 * Only clamped stamps are ever stored or sent on, so no device drags the others into the future.
 */
export function clamp(stamp: Stamp, serverNowMs: number, maxDriftMs: number): Stamp {
  const latest = stampOf(serverNowMs + maxDriftMs, MAX_COUNTER);
  return stamp > latest ? latest : stamp;
}
