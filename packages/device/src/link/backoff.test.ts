import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, DEFAULT_BACKOFF } from './backoff.ts';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('[NW2] a wait lies between floor and ceiling, and no wait is shorter than the server asked', () => {
  fc.assert(
    fc.property(fc.nat(200), chance, fc.option(fc.nat(3_600_000)), (failures, fraction, asked) => {
      const wait = backoffMs(failures, fraction, asked);
      expect(wait).toBeGreaterThanOrEqual(Math.max(DEFAULT_BACKOFF.floorMs, asked ?? 0));
      expect(wait).toBeLessThanOrEqual(Math.max(DEFAULT_BACKOFF.ceilingMs, asked ?? 0));
    }),
  );
});

test('[NW2] the waits of many devices spread over the whole span', () => {
  expect(backoffMs(6, 0, null)).toBe(1_000);
  expect(backoffMs(6, 0.999, null)).toBeGreaterThan(60_000);
});
