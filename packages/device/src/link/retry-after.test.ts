import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

test.each([
  [null, null, null],
  ['', null, null],
  ['0', null, 0],
  ['7', null, 7_000],
  [' 7 ', null, 7_000],
  ['86400', null, 3_600_000],
  ['-1', null, null],
  ['1.5', null, null],
  ['soon', null, null],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:07 GMT', 30_000],
  ['Sun, 06 Nov 1994 08:49:37 GMT', null, null],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 09:00:00 GMT', 0],
  ['Wed, 01 Mar 2028 00:00:10 GMT', 'Tue, 29 Feb 2028 23:59:50 GMT', 20_000],
  ['Sun, 06 Foo 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:07 GMT', null],
])('[NW2] Retry-After %j beside Date %j: %j ms', (header, date, expected) => {
  expect(retryAfterMs(header, date)).toBe(expected);
});

test('[NW2] a date asks for the same time whatever clock this device has', () => {
  const instant = fc.date({ min: new Date('1970-01-01'), max: new Date('2400-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(instant, fc.integer({ min: 0, max: 3_600 }), (from, seconds) => {
      const start = Math.floor(from.getTime() / 1_000) * 1_000;
      const until = new Date(start + seconds * 1_000);
      expect(retryAfterMs(until.toUTCString(), new Date(start).toUTCString())).toBe(seconds * 1_000);
    }),
  );
});
