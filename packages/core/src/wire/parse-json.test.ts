import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './parse-json.ts';

test('[SV6] nesting beyond the limit is refused before anything is built', () => {
  expect(parseJson('['.repeat(200_000) + ']'.repeat(200_000), 48)).toEqual({ problem: 'too-deep' });
  expect(parseJson('[[1]]', 2)).toEqual({ value: [[1]] });
});

test('[SV6] a key that stands twice is refused, also when it is written in two ways', () => {
  expect(parseJson('{"a":1,"a":2}', 9)).toEqual({ problem: 'duplicate-key' });
  expect(parseJson('{"a":1,"\\u0061":2}', 9)).toEqual({ problem: 'duplicate-key' });
  expect(parseJson('{"a":{"a":1},"b":"a"}', 9)).toEqual({ value: { a: { a: 1 }, b: 'a' } });
  expect(parseJson('{"a\\"":1,"a":2}', 9)).toEqual({ value: { 'a"': 1, a: 2 } });
});

test('[SV6] keys that reach the prototype are refused', () => {
  for (const key of ['__proto__', 'constructor', 'prototype', '\\u005f_proto__']) {
    expect(parseJson(`{"x":{"${key}":{"admin":true}}}`, 9)).toEqual({ problem: 'reserved-key' });
  }
});

test('[SV6] any text is either refused or read as JSON.parse reads it', () => {
  const text = fc.oneof(fc.string(), fc.json(), fc.stringMatching(/^[[\]{}",:\\a0 ]*$/));
  fc.assert(
    fc.property(text, (input) => {
      const result = parseJson(input, 48);
      if ('value' in result) expect(result.value).toEqual(JSON.parse(input));
      else if (result.problem === 'malformed') expect(() => JSON.parse(input)).toThrow();
    }),
    { numRuns: 2_000 },
  );
});
