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
