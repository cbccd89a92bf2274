import { expect, test } from 'vitest';
import * as z from 'zod';
import { collection } from './collection.ts';
import { ref } from './ref.ts';
import { schema } from './schema.ts';
import { validateFields } from './validate.ts';

const people = schema({
  version: 1,
  collections: {
    people: collection(
      {
        name: z.string().min(1),
        age: z.int().min(0).nullable(),
        role: z.enum(['mentor', 'other']).default('other'),
        friend: ref('people').nullable(),
      },
      { scopes: ['everyone'] },
    ),
  },
}).collections.get('people');
if (!people) throw new Error('the schema has people');

test('[WR2] the error names every bad field with what was expected', () => {
  const checked = validateFields(people, 'p1', { name: '', age: 'x', friend: '../etc', hat: 1 }, 'create');
  if (checked.ok) throw new Error('it was accepted');
  expect(checked.issues.map((issue) => issue.path[0]).sort()).toEqual(['age', 'friend', 'hat', 'name']);
  for (const issue of checked.issues) expect(issue.expected.length).toBeGreaterThan(5);
});

test('[WR2] a create is completed with defaults and nulls', () => {
  expect(validateFields(people, null, { name: 'Ada' }, 'create')).toEqual({
    ok: true,
    values: { name: 'Ada', age: null, role: 'other', friend: null },
  });
});

test('[WR2] an update looks only at what is given; undefined is not null', () => {
  expect(validateFields(people, 'p1', { age: null }, 'update')).toEqual({ ok: true, values: { age: null } });
  expect(validateFields(people, 'p1', { age: undefined }, 'update').ok).toBe(false);
});

const forms = schema({
  version: 1,
  collections: {
    forms: collection(
      {
        day: z.iso.date().nullable(),
        address: z.object({ street: z.string(), parts: z.array(z.object({ no: z.int() })).default([]) }).nullable(),
        answers: z.record(z.string(), z.json()).default({}),
        either: z.union([z.object({ at: z.string() }), z.object({ by: z.string() })]).nullable(),
        any: z.looseObject({ a: z.int() }).nullable(),
      },
      { scopes: ['everyone'] },
    ),
  },
}).collections.get('forms');
if (!forms) throw new Error('the schema has forms');
const pathOf = (input: Record<string, unknown>) => {
  const checked = validateFields(forms, null, input, 'update');
  return checked.ok ? null : checked.issues.map(({ path }) => path.join('.'));
};

test('[WR2] what the type of a field has no place for is named, not left out', () => {
  expect(pathOf({ address: { street: 'x', parts: [] } })).toBeNull();
  expect(pathOf({ address: { street: 'x' } })).toBeNull();
  expect(pathOf({ address: { street: 'x', town: 'y' } })).toEqual(['address.town']);
  expect(pathOf({ address: { street: 'x', town: undefined } })).toBeNull();
  expect(pathOf({ address: { street: 'x', parts: [{ no: 1 }, { no: 2, old: 3 }] } })).toEqual(['address.parts.1.old']);
  expect(pathOf({ either: { at: 'x', by: 'y' } })).toEqual(['either.by']);
  expect(pathOf({ any: { a: 1, b: { c: 2 } } })).toBeNull();
  expect(pathOf({ answers: JSON.parse('{"__proto__": {"admin": true}}') })).toEqual(['answers.__proto__']);
  expect(pathOf({ answers: { q1: JSON.parse('{"constructor": 1}') } })).toEqual(['answers.q1.constructor']);
});

test('[WR2] a date that no database has is refused where it is written', () => {
  expect(pathOf({ day: '0001-01-01' })).toBeNull();
  expect(pathOf({ day: '9999-12-31' })).toBeNull();
  expect(pathOf({ day: '0000-02-29' })).toEqual(['day']);
});
