import { expect, test } from 'vitest';
import {
  type Epoch,
  laterVersion,
  mintEpoch,
  seenAt,
  VERSION_NONE,
  versionCount,
  versionEpoch,
  versionOf,
} from './version.ts';

const first = '0mijk0000aaaa' as Epoch;
const second = '0mijk0001aaaa' as Epoch;

test('[CF1] a change was seen if its version is at most the base', () => {
  expect(seenAt(versionOf(first, 3), versionOf(first, 3))).toBe(true);
  expect(seenAt(versionOf(first, 3), versionOf(first, 5))).toBe(true);
  expect(seenAt(versionOf(first, 4), versionOf(first, 3))).toBe(false);
});

test('[CF1] counts are numbers, not text', () => {
  expect(seenAt(versionOf(first, 9), versionOf(first, 10))).toBe(true);
  expect(seenAt(versionOf(first, 10), versionOf(first, 9))).toBe(false);
});

test('[CF1] nothing was seen from before the record was known', () => {
  expect(seenAt(versionOf(first, 1), VERSION_NONE)).toBe(false);
});

test('[CF1, SY11] after a restore the same count is another change', () => {
  expect(seenAt(versionOf(second, 6), versionOf(first, 6))).toBe(false);
  expect(seenAt(versionOf(second, 6), versionOf(first, 9))).toBe(false);
  expect(seenAt(versionOf(first, 5), versionOf(second, 7))).toBe(true);
});

test('[SY11] a later epoch sorts after an earlier one, also when the clock went back', () => {
  const early = mintEpoch(1_700_000_000_000, new Uint8Array([1, 2, 3, 4]), null);
  const late = mintEpoch(1_600_000_000_000, new Uint8Array([9, 9, 9, 9]), early);
  expect(late > early).toBe(true);
  expect(early).toMatch(/^[0-9a-z]{13}$/);
});

test('a version gives back what it was made of', () => {
  const version = versionOf(first, 42);
  expect([versionCount(version), versionEpoch(version)]).toEqual([42, first]);
  expect(laterVersion(versionOf(first, 9), versionOf(first, 10))).toBe(versionOf(first, 10));
});
