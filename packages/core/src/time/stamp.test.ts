import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clamp, observe, STAMP_PATTERN, STAMP_ZERO, type Stamp, stampAfter, stampMs, stampOf, tick } from './stamp.ts';

const stamps = fc
  .tuple(fc.integer({ min: 0, max: 0xffff_ffff_fffe }), fc.integer({ min: 0, max: 0xffff }))
  .map(([ms, counter]) => stampOf(ms, counter));

test('[CF5] text order of stamps is their order in time', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(0xffff), fc.nat(), fc.nat(0xffff), (msA, countA, msB, countB) => {
      const byText = stampOf(msA, countA) < stampOf(msB, countB);
      expect(byText).toBe(msA !== msB ? msA < msB : countA < countB);
    }),
  );
});

test('[CF10] a clock never goes back, whatever the device believes the time to be', () => {
  fc.assert(
    fc.property(stamps, fc.array(fc.integer({ min: -1e13, max: 1e14 })), (start, times) => {
      let last: Stamp = start;
      for (const now of times) {
        const next = tick(last, now);
        expect(next > last).toBe(true);
        expect(next).toMatch(STAMP_PATTERN);
        last = next;
      }
    }),
  );
});

test('[CF10] a full counter carries into the milliseconds', () => {
  expect(stampAfter(stampOf(5, 0xffff))).toBe(stampOf(6, 0));
  expect(tick(stampOf(5, 0xffff), 5)).toBe(stampOf(6, 0));
});

test('[CF10] a write that has seen another is stamped later', () => {
  fc.assert(
    fc.property(stamps, stamps, fc.nat(), (own, seen, now) => {
      expect(tick(observe(own, seen), now) > seen).toBe(true);
    }),
  );
});

test('[CF10] a stamp ahead by more than the allowed drift is clamped, every other one stays', () => {
  expect(stampMs(clamp(stampOf(10_000_000, 3), 1_000, 500))).toBe(1_500);
  expect(clamp(stampOf(1_400, 3), 1_000, 500)).toBe(stampOf(1_400, 3));
  expect(clamp(STAMP_ZERO, 1_000, 500)).toBe(STAMP_ZERO);
});
