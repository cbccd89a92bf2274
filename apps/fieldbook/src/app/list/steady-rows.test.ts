import { expect, test } from 'vitest';
import { steady } from './steady-rows.ts';

const rows = ['a', 'b', 'c', 'd'].map((id) => ({ id }));

test('what comes in waits, what one wrote oneself does not', () => {
  const shown = steady(rows, new Set(['a', 'c']), (id) => id === 'd');
  expect(shown.rows.map(({ id }) => id)).toEqual(['a', 'c', 'd']);
  expect(shown.held).toBe(1);
});

test('[SY12] what has left is gone at once', () => {
  expect(steady(rows.slice(1), new Set(['a', 'b', 'c', 'd']), () => false).rows.map(({ id }) => id)).toEqual([
    'b',
    'c',
    'd',
  ]);
});
