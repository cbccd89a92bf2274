/** Hazard A9: whatever asks for it, a device reads everything, or a whole scope, so often within an hour at most. */
export const FULL_READS_AN_HOUR = 3;
const HOUR_MS = 3_600_000;

/** When it may be done next, in milliseconds since 1970; null where it may be now. */
export function nextFullRead(times: readonly number[], nowMs: number): number | null {
  const lately = withinHour(times, nowMs);
  if (lately.length < FULL_READS_AN_HOUR) return null;
  return Math.min(...lately) + HOUR_MS;
}

/** The times with this one; those that do not count any more are left out. */
export function withFullRead(times: readonly number[], nowMs: number): number[] {
  return [...withinHour(times, nowMs), nowMs];
}

// A clock that was set, back or forth, must not keep anybody from reading.
function withinHour(times: readonly number[], nowMs: number): number[] {
  return times.filter((at) => Math.abs(nowMs - at) < HOUR_MS);
}
