import { expect, test } from 'vitest';
import { FULL_READS_AN_HOUR, nextFullRead, withFullRead } from './read-budget.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 1_767_225_600_000;

test('[SY11, SY16] so many full reads an hour, and the next when the first of them is an hour ago', () => {
  let times: readonly number[] = [];
  for (let n = 0; n < FULL_READS_AN_HOUR; n += 1) {
    expect(nextFullRead(times, NOW_MS + n)).toBeNull();
    times = withFullRead(times, NOW_MS + n);
  }
  expect(nextFullRead(times, NOW_MS + 10)).toBe(NOW_MS + HOUR_MS);
  expect(nextFullRead(times, NOW_MS + HOUR_MS)).toBeNull();
  expect(withFullRead(times, NOW_MS + HOUR_MS)).toHaveLength(FULL_READS_AN_HOUR);
});

test('[SY11] a clock that was set back or forth keeps nobody from reading', () => {
  const times = [NOW_MS, NOW_MS, NOW_MS];
  expect([nextFullRead(times, NOW_MS - 2 * HOUR_MS), nextFullRead(times, NOW_MS + 2 * HOUR_MS)]).toEqual([null, null]);
});
