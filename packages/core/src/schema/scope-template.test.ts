import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { must } from '../errors/invariant.ts';
import { collection } from './collection.ts';
import { schema } from './schema.ts';
import { scopesOf } from './scopes-of.ts';

const app = schema({
  version: 1,
  collections: {
    stays: collection(
      { a: z.string(), b: z.string(), day: z.iso.date() },
      { scopes: ['site:{a}/{b}', '{a}-{day}-{b}'] },
    ),
  },
});
const stays = must(app.collections.get('stays'), 'the collection');
const scopes = (a: string, b: string) => scopesOf(app, stays, 'r', { a, b, day: '2026-02-03' }, () => null);

test('[SV5] values that hold what separates them name no other scope', () => {
  expect(scopes('x/y', 'z')).toEqual(['site:x%2Fy/z', 'x/y-2026-02-03-z']);
  expect(scopes('x', 'y/z')).toEqual(['site:x/y/z', 'x-2026-02-03-y/z']);
  expect(scopes('50%', 'z')[0]).toBe('50%25-2026-02-03-z');
});

test('[SV5] different values are in different scopes', () => {
  const text = fc.string({ unit: fc.constantFrom('/', '%', '2', 'F', 'x', '-'), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.tuple(text, text), fc.tuple(text, text), ([a, b], [c, d]) => {
      const same = a === c && b === d;
      const [one, other] = [scopes(a, b), scopes(c, d)];
      expect(one.some((scope) => other.includes(scope))).toBe(same);
    }),
    { numRuns: 5_000 },
  );
});
