import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ageOn, instantOf, localDate, localTime, sayAhead, sayDate, sayWhen } from './dates.ts';

const now = new Date(2026, 10, 21, 10, 30);

describe('moments as people say them', () => {
  test.each([
    [new Date(2026, 10, 21, 0, 5), 'Today, 00:05'],
    [new Date(2026, 10, 20, 23, 55), 'Yesterday, 23:55'],
    [new Date(2026, 10, 17, 9, 0), 'Tuesday, 09:00'],
    [new Date(2026, 10, 14, 9, 0), 'Last week'],
    [new Date(2026, 9, 31, 9, 0), '3 weeks ago'],
    [new Date(2020, 1, 29, 9, 0), '29 Feb 2020'],
    // A clock that was ahead: the date itself, never "in -1 days".
    [new Date(2026, 10, 22, 9, 0), '22 Nov 2026'],
  ])('%s', (moment, said) => {
    expect(sayWhen(moment, now)).toBe(said);
  });

  test('what lies ahead, in seconds and then in minutes', () => {
    expect(sayAhead(new Date(now.getTime() + 5_000), now)).toBe('in 5 seconds');
    expect(sayAhead(new Date(now.getTime() + 150_000), now)).toBe('in 3 minutes');
    expect(sayAhead(new Date(now.getTime() - 60_000), now)).toBe('in 1 second');
  });
});

describe('age', () => {
  test.each([
    ['1984-11-21', { years: 42 }],
    ['1984-11-22', { years: 41 }],
    ['2024-11-22', { months: 23 }],
    ['2024-11-21', { years: 2 }],
    ['2026-11-21', { months: 0 }],
    ['2026-11-22', null],
    ['someday', null],
  ])('of somebody born on %s', (born, age) => {
    expect(ageOn(born, now)).toEqual(age);
  });
});

test('a date is the same day everywhere', () => {
  expect(sayDate('1984-03-09')).toBe('9 March 1984');
});

test('an instant made from two fields is the moment they were read from', () => {
  const moments = fc.date({ min: new Date(1990, 0, 1), max: new Date(2090, 0, 1), noInvalidDate: true });
  fc.assert(
    fc.property(moments, (moment) => {
      moment.setSeconds(0, 0);
      const instant = instantOf(localDate(moment), localTime(moment));
      expect(instant).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00[+-]\d{2}:\d{2}$/);
      // In the hour that a clock change repeats, two moments read alike.
      expect(Math.abs(Date.parse(instant ?? '') - moment.getTime())).toBeLessThanOrEqual(3_600_000);
    }),
  );
});

test('two fields that are no moment make none', () => {
  expect(instantOf('', '10:00')).toBeNull();
  expect(instantOf('2026-11-21', '')).toBeNull();
});
