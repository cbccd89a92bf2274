import { expect, test } from 'vitest';
import { initialsOf } from '../parts/initials.tsx';
import { parsePeople, parsePerson } from './person.ts';
import { secondsLeft } from './token-source.ts';

test('people are read with or without an envelope, and nothing else is taken for people', () => {
  const ada = { id: 'mentor-01', name: 'Ada', role: 'mentor' };
  expect(parsePeople([ada])).toEqual([ada]);
  expect(parsePeople({ users: [{ ...ada, role: null }] })).toEqual([ada]);
  expect(parsePeople('<html>')).toBeNull();
  expect(parsePerson(null)).toBeNull();
});

test('[NW4] how long a token is good; one that does not say is good for nothing', () => {
  const tokenOf = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
  expect(secondsLeft(tokenOf({ exp: 1_000, sub: 'Kari Nygård ???>>>' }), 400_000)).toBe(600);
  expect(secondsLeft(tokenOf({ exp: 1_000 }), 1_000_500)).toBeLessThan(0);
  expect(secondsLeft(tokenOf({}), 0)).toBe(0);
  expect(secondsLeft('not a token', 0)).toBe(0);
});

test('initials are of the first and the last word', () => {
  expect(['Kari Nygård', 'Ana María de la Cruz', 'Ødegård', '陳 大文', '42', ''].map(initialsOf)).toEqual([
    'KN',
    'AC',
    'Ø',
    '陳大',
    '',
    '',
  ]);
});
