import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, sameJson } from './canonical-json.ts';
import type { Json } from './json.ts';
import { normalizeJson } from './normalize.ts';

test('[WR2] what neither JSON nor Postgres can carry is named with its place', () => {
  const problem = (value: unknown) => {
    const result = normalizeJson(value);
    return 'problem' in result ? result.problem.path : null;
  };
  expect(problem('a\u0000b')).toEqual([]);
  expect(problem({ a: ['ok', '\ud800'] })).toEqual(['a', 1]);
  expect(problem({ n: Number.NaN })).toEqual(['n']);
  expect(problem([Number.POSITIVE_INFINITY])).toEqual([0]);
  expect(problem(JSON.parse('{"__proto__": 1}'))).toEqual(['__proto__']);
  expect(problem({ when: new Date(0) })).toEqual(['when']);
  expect(problem(1n)).toEqual([]);
});

test('[WR2] nesting without end is refused, not followed', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100; i += 1) deep = [deep];
  expect(normalizeJson(deep)).toHaveProperty('problem');
});

test('[WR2] text comes to one form, and -0 is 0', () => {
  expect(normalizeJson(['e\u0301', -0])).toEqual({ value: ['\u00e9', 0] });
  expect(Object.is((normalizeJson(-0) as { value: number }).value, 0)).toBe(true);
});

test('normalising twice changes nothing, and JSON carries the result unchanged', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'small' }), (input) => {
      const once = normalizeJson(input);
      fc.pre('value' in once);
      expect(normalizeJson(once.value)).toEqual(once);
      expect(JSON.parse(JSON.stringify(once.value))).toEqual(once.value);
    }),
  );
});

test('[SV1] equal values have one canonical text, whatever the order of their keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const value = JSON.parse(JSON.stringify(object)) as { [key: string]: Json };
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(sameJson(reversed, value)).toBe(true);
    }),
  );
});
