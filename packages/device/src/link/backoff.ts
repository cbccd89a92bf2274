export interface BackoffOptions {
  readonly floorMs: number;
  readonly ceilingMs: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = { floorMs: 1_000, ceilingMs: 5 * 60_000 };

/**
 * NW2: how long to wait after `failures` failed tries in a row: exponential with full jitter (Brooker,
 * "Exponential Backoff and Jitter", 2015), never below the floor, and never earlier than the server asked.
 *
 * @param chance from 0 up to 1
 */
export function backoffMs(
  failures: number,
  chance: number,
  retryAfterMs: number | null,
  options: BackoffOptions = DEFAULT_BACKOFF,
): number {
  const cap = Math.min(options.ceilingMs, options.floorMs * 2 ** Math.min(failures, 30));
  return Math.round(Math.max(options.floorMs + chance * (cap - options.floorMs), retryAfterMs ?? 0));
}
