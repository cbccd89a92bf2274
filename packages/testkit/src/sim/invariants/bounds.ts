import type { SimDevice } from '../sim-device.ts';
import type { AskedExchange } from '../sim-link.ts';

/** Tries that fail in one minute. Backoff begins at a second and doubles; what a person asks for comes on top. */
const FAILURES_A_MINUTE = 25;
const FULL_READS_AN_HOUR = 3;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * I15: a device that gets no answer asks ever more slowly, and does not read everything again and again.
 * `excused` are full reads that something in the world asked for.
 */
export function checkBounds({ name, link, limited }: SimDevice, excused: number): string[] {
  const { asked } = link;
  const violations: string[] = [];
  if (limited > 0 && excused === 0) violations.push(`[I15] ${name} had to read everything again and again`);
  const failed = asked.filter(({ result }) => result !== null && result !== 'answered').map(({ at }) => at);
  const burst = mostWithin(failed, MINUTE_MS);
  if (burst > FAILURES_A_MINUTE) violations.push(`[I15] ${name} failed ${burst} times in a minute`);
  const reads = mostWithin(readsAnew(asked), HOUR_MS);
  if (reads > FULL_READS_AN_HOUR + excused) violations.push(`[I15] ${name} read everything ${reads} times in an hour`);
  return violations;
}

/** When a device gave up what it had read, all of it or the part of a catch-up that had come. */
function readsAnew(asked: readonly AskedExchange[]): number[] {
  return asked.flatMap(({ at, request }, index) => {
    const before = asked[index - 1]?.request;
    const hadRead = before !== undefined && (before.cursor !== null || before.catchUp !== null);
    return hadRead && request.cursor === null && request.catchUp === null ? [at] : [];
  });
}

/** The most of these times that lie within one span. */
function mostWithin(times: readonly number[], span: number): number {
  let most = 0;
  let from = 0;
  for (let to = 0; to < times.length; to += 1) {
    while ((times[to] ?? 0) - (times[from] ?? 0) >= span) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
