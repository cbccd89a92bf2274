import { catalogue } from '@holdfast/core';
import { describe, expect, test } from 'vitest';
import { type AnswerClass, classOf, classOfForeign } from './answer-class.ts';

const table: [number, AnswerClass][] = [
  [200, 'answered'],
  [204, 'answered'],
  [302, 'down'],
  [400, 'malformed'],
  [401, 'needs-auth'],
  [403, 'rejected'],
  [404, 'rejected'],
  [407, 'down'],
  [408, 'busy'],
  [409, 'conflict'],
  [410, 'rejected'],
  [412, 'conflict'],
  [413, 'too-large'],
  [422, 'malformed'],
  [425, 'busy'],
  [426, 'upgrade-required'],
  [429, 'busy'],
  [500, 'busy'],
  [502, 'busy'],
  [503, 'busy'],
  [511, 'down'],
  [599, 'busy'],
];

test.each(table)('[NW4, NW5] %i is %s', (status, expected) => {
  expect(classOf(status, null)).toBe(expected);
});

test('[NW5] no status that an error of ours is answered with is taken for an answer, or for no link', () => {
  for (const [code, entry] of Object.entries(catalogue)) {
    if (!('status' in entry)) continue;
    expect(['answered', 'down'], code).not.toContain(classOf(entry.status, code));
  }
});

describe('[NW5] an app can override the classes', () => {
  test('by status, and by the code of the error, which says more', () => {
    expect(classOf(423, null, { 423: 'busy' })).toBe('busy');
    expect(classOf(409, 'UnknownTenant', { UnknownTenant: 'needs-auth', 409: 'busy' })).toBe('needs-auth');
    expect(classOf(409, 'Other', { UnknownTenant: 'needs-auth', 409: 'busy' })).toBe('busy');
  });

  test('where a code of ours has a class, too', () => {
    expect(classOf(409, 'UnknownSchema')).toBe('upgrade-required');
    expect(classOf(409, 'UnknownSchema', { 409: 'busy' })).toBe('busy');
    expect(classOf(409, 'UnknownSchema', { UnknownSchema: 'rejected' })).toBe('rejected');
  });
});

test('[NW1, NW5] of an answer that is not of our form only what harms nobody is believed', () => {
  expect([200, 302, 401, 403, 426, 500, 503, 511].map((status) => classOfForeign(status))).toEqual(
    Array(8).fill('down'),
  );
  expect(classOfForeign(413)).toBe('too-large');
  expect(classOfForeign(429)).toBe('busy');
});
