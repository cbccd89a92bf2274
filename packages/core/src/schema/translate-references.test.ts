import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import type { Json } from '../value/json.ts';
import { ref } from './ref.ts';
import { referencesIn } from './references.ts';
import { type IdLookup, translateReferences } from './translate-references.ts';

// Ids that begin with one another, that other collections use too, and that are the other side's ids.
const LOCAL = ['tmp-1', 'tmp-10', 'tmp-100', '1', '10', 'p'];
const toServer: IdLookup = (collection, record) => {
  const place = LOCAL.indexOf(record);
  return place < 0 ? record : `${collection}.${LOCAL[(place + 1) % LOCAL.length]}`;
};
const toLocal: IdLookup = (collection, record) => {
  const place = LOCAL.indexOf(record.startsWith(`${collection}.`) ? record.slice(collection.length + 1) : '');
  return place < 0 ? record : (LOCAL[(place + LOCAL.length - 1) % LOCAL.length] ?? '');
};

interface Sample {
  readonly type: z.ZodType;
  readonly value: Json;
  readonly translated: Json;
  readonly refers: number;
}

const localId = fc.constantFrom(...LOCAL);
const looksLikeIds = fc.oneof(
  localId,
  fc.tuple(localId, localId).map((pair) => pair.join(' ')),
  fc.string(),
);
const leaf: fc.Arbitrary<Sample> = fc.oneof(
  looksLikeIds.map((text) => ({ type: z.string(), value: text, translated: text, refers: 0 })),
  fc.double({ noNaN: true }).map((n) => ({ type: z.number(), value: n, translated: n, refers: 0 })),
  fc.tuple(fc.constantFrom('people', 'homes'), localId).map(([collection, id]) => ({
    type: ref(collection),
    value: id,
    translated: toServer(collection, id),
    refers: 1,
  })),
);

const { sample } = fc.letrec<{ sample: Sample }>((tie) => {
  const nested = tie('sample');
  const several = fc.array(nested, { minLength: 1, maxLength: 3 });
  const each = (samples: Sample[]) => ({
    value: samples.map(({ value }) => value),
    translated: samples.map(({ translated }) => translated),
    refers: samples.reduce((sum, { refers }) => sum + refers, 0),
  });
  const keyed = (samples: Sample[], of: 'value' | 'translated') =>
    Object.fromEntries(samples.map((each, index) => [`k${index}`, each[of]]));
  return {
    sample: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      nested.map((inner) => ({ ...inner, type: inner.type.nullable() })),
      nested.map((inner) => ({ ...inner, type: z.lazy(() => inner.type) })),
      nested.map((inner) => ({ ...inner, type: z.array(inner.type), ...each([inner]) })),
      several.map((inner) => ({
        type: z.tuple([inner[0]?.type ?? z.null(), ...inner.slice(1).map(({ type }) => type)]),
        ...each(inner),
      })),
      several.map((inner) => ({
        type: z.object(Object.fromEntries(inner.map(({ type }, index) => [`k${index}`, type]))),
        ...each(inner),
        value: keyed(inner, 'value'),
        translated: keyed(inner, 'translated'),
      })),
      fc.tuple(nested, localId).map(([inner, key]) => ({
        type: z.record(ref('people'), inner.type),
        value: { [key]: inner.value },
        translated: { [toServer('people', key)]: inner.translated },
        refers: inner.refers + 1,
      })),
      fc.tuple(nested, nested, fc.boolean()).map(([a, b, first]) => ({
        type: z.union([z.object({ kind: z.literal('a'), it: a.type }), z.object({ kind: z.literal('b'), it: b.type })]),
        value: { kind: first ? 'a' : 'b', it: (first ? a : b).value },
        translated: { kind: first ? 'a' : 'b', it: (first ? a : b).translated },
        refers: (first ? a : b).refers,
      })),
    ),
  };
});

test('[ID2] exactly the references are translated, however deep, and translate back', () => {
  fc.assert(
    fc.property(sample, ({ type, value, translated, refers }) => {
      const there = translateReferences(type, value, toServer);
      expect(there).toEqual(translated);
      expect(translateReferences(type, there, toLocal)).toEqual(value);
      expect(referencesIn(type, value).length).toBeGreaterThanOrEqual(refers);
      if (refers === 0) expect(there).toBe(value);
      expect(translateReferences(type, value, (_, record) => record)).toBe(value);
    }),
    { numRuns: 1_000 },
  );
});

test('[ID2] text is never touched, also where it holds an id or begins like one', () => {
  const type = z.object({ who: ref('people'), note: z.string(), tags: z.array(z.string()) });
  const value = { who: 'tmp-1', note: 'see tmp-1 and tmp-10', tags: ['tmp-1'] };
  const lookup: IdLookup = (_, record) => (record === 'tmp-1' ? '77' : record);
  expect(translateReferences(type, value, lookup)).toEqual({ ...value, who: '77' });
  expect(translateReferences(type, { ...value, who: 'tmp-10' }, lookup)).toEqual({ ...value, who: 'tmp-10' });
});

test('[ID2] a value that fits none of the alternatives is looked through for all of them', () => {
  const type = z.union([z.object({ home: ref('homes') }), z.object({ who: ref('people'), role: z.string() })]);
  expect(translateReferences(type, { who: 'tmp-1', role: 7 }, toServer)).toEqual({
    who: toServer('people', 'tmp-1'),
    role: 7,
  });
});

test('[OB2] references in keys, in what is lazy and in what an object leaves open are found', () => {
  const type = z.object({
    present: z.record(ref('people'), z.boolean()),
    tree: z.lazy(() => z.object({ home: ref('homes') })),
    rest: z.object({}).catchall(ref('visits')),
  });
  const found = referencesIn(type, { present: { p1: true }, tree: { home: 'h1' }, rest: { any: 'v1' } });
  expect(found.map(({ collection, record }) => `${collection}/${record}`)).toEqual([
    'people/p1',
    'homes/h1',
    'visits/v1',
  ]);
});
