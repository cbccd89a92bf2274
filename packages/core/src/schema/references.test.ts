import { expect, test } from 'vitest';
import * as z from 'zod';
import { ref } from './ref.ts';
import { referencesIn } from './references.ts';

test('[OB2] references are found inside nested values', () => {
  const type = z.object({
    lead: ref('people').nullable(),
    team: z.array(z.object({ who: ref('people'), role: z.string() })),
    byDay: z.record(z.string(), ref('visits')),
    either: z.union([z.string(), z.object({ home: ref('homes') })]),
    pair: z.tuple([ref('people'), z.string()]),
  });
  const found = referencesIn(type, {
    lead: 'p1',
    team: [{ who: 'p2', role: 'x' }],
    byDay: { monday: 'v1' },
    either: { home: 'h1' },
    pair: ['p3', 'not a reference'],
  });
  expect(found.map(({ collection, record }) => `${collection}/${record}`)).toEqual([
    'people/p1',
    'people/p2',
    'visits/v1',
    'homes/h1',
    'people/p3',
  ]);
});

test('[OB2] text that merely looks like an id refers to nothing', () => {
  expect(referencesIn(z.string(), 'p1')).toEqual([]);
  expect(referencesIn(ref('people').nullable(), null)).toEqual([]);
});
