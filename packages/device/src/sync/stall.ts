/** What the watchdog knows of the exchange under way. Times are of the clock that only goes forward. */
export interface Progress {
  /** When something last moved, and within how long the next is due. */
  readonly movedAt: number;
  readonly withinMs: number;
  /** When it was called off; null while it was not. */
  readonly calledOffAt: number | null;
}

/** It has its own deadlines; the watchdog comes after them. */
const SPARE_MS = 5_000;
/** What was called off has this long to give back what it took. */
const GRACE_MS = 15_000;

/**
 * Hazard G4: what to do about an exchange: leave it (until when to look again), call it off, or go on
 * without it. `stallMs` is the least that it may stand still.
 */
export function watch(
  { movedAt, withinMs, calledOffAt }: Progress,
  now: number,
  stallMs: number,
): { readonly type: 'call-off' | 'go-on-without' } | { readonly type: 'leave'; readonly lookAt: number } {
  if (calledOffAt !== null) {
    const end = calledOffAt + GRACE_MS;
    return now >= end ? { type: 'go-on-without' } : { type: 'leave', lookAt: end };
  }
  const due = movedAt + Math.max(stallMs, withinMs + (withinMs > 0 ? SPARE_MS : 0));
  return now >= due ? { type: 'call-off' } : { type: 'leave', lookAt: due };
}
