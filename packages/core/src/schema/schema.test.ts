import { expect, test } from 'vitest';
import * as z from 'zod';
import { collection } from './collection.ts';
import { ref } from './ref.ts';
import { type Schema, schema } from './schema.ts';
import { inherit } from './scope-template.ts';

const everyone = { scopes: ['everyone'] };

function mistake(make: () => Schema): string {
  try {
    make();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no mistake';
}

const one = (fields: Record<string, z.ZodType>, rules: Parameters<typeof collection>[1] = everyone) =>
  mistake(() => schema({ version: 1, collections: { people: collection(fields, rules) } }));

test('a schema mistake fails at definition, with collection and field named', () => {
  expect(one({ friend: ref('nobody') })).toMatch(/people\.friend: refers to "nobody"/);
  expect(one({ friends: z.array(z.object({ who: ref('nobody') })) })).toMatch(/people\.friends: refers to "nobody"/);
  expect(one({ name: z.string() }, { scopes: ['mentor:{mentorId}'] })).toMatch(/people\.mentorId: the scope/);
  expect(one({ name: z.string() }, { scopes: ['mentor:{'] })).toMatch(
    /people: the scope "mentor:\{" is not a template/,
  );
  expect(one({ a: z.string(), b: z.string() }, { scopes: ['{a}{b}'] })).toMatch(/people: the scope "\{a\}\{b\}"/);
  expect(one({ name: z.string() }, { scopes: [] })).toMatch(/people: has no scopes/);
  expect(one({ name: z.string() }, { scopes: [inherit('name')] })).toMatch(/people\.name: .*not a ref/);
  expect(one({ name: z.string() }, { scopes: [inherit('mentor')] })).toMatch(/people\.mentor: .*does not exist/);
  expect(one({ id: z.string() })).toMatch(/people\.id: this name is reserved/);
  expect(one({ 'drop table': z.string() })).toMatch(/people\.drop table: a name is/);
  expect(one({ name: z.string(), naMe: z.string() })).toMatch(/letter case/);
  expect(one({})).toMatch(/people: has no fields/);
  expect(one({ a: z.string(), b: z.string() }, { ...everyone, groups: [['a']] })).toMatch(/people\.a: a group needs/);
  expect(one({ a: z.string() }, { ...everyone, groups: [['a', 'c']] })).toMatch(/people\.c: a group names/);
  expect(one({ a: z.string() }, { ...everyone, indexes: [['c']] })).toMatch(/people\.c: an index names/);
  expect(one({ a: z.string() }, { ...everyone, priority: 0 })).toMatch(/people: priority/);
  expect(mistake(() => schema({ version: 0, collections: {} }))).toMatch(/version/);
});

test('reserved collection names fail at definition', () => {
  for (const name of ['hfThings', 'sqliteMaster', 'pgClass']) {
    const make = () => schema({ version: 1, collections: { [name]: collection({ a: z.string() }, everyone) } });
    expect(mistake(make)).toMatch(new RegExp(`${name}: names that begin with`));
  }
  expect(mistake(() => schema({ version: 1, collections: { pages: collection({ a: z.string() }, everyone) } }))).toBe(
    'no mistake',
  );
});

test('types that a row cannot keep as they are fail at definition', () => {
  expect(one({ a: z.string().optional() })).toMatch(/people\.a: z\.optional/);
  expect(one({ a: z.date() })).toMatch(/people\.a: z\.date/);
  expect(one({ a: z.bigint() })).toMatch(/people\.a: z\.bigint/);
  expect(one({ a: z.string().transform((text) => text.length) })).toMatch(/people\.a: z\.(pipe|transform)/);
  expect(one({ a: z.object({ b: z.set(z.string()) }) })).toMatch(/people\.a: z\.set/);
  expect(one({ a: z.object({ b: z.string().optional() }) })).toBe('no mistake');
});

test('a scope is inherited over one level only', () => {
  const make = () =>
    schema({
      version: 1,
      collections: {
        homes: collection({ area: z.string() }, { scopes: ['area:{area}'] }),
        people: collection({ homeId: ref('homes') }, { scopes: [inherit('homeId')] }),
        visits: collection({ personId: ref('people') }, { scopes: [inherit('personId')] }),
      },
    });
  expect(mistake(make)).toMatch(/visits\.personId: inherits from "people", which itself inherits/);
});

test('every field is stored in the column that fits it', () => {
  const { collections } = schema({
    version: 1,
    collections: {
      people: collection(
        {
          name: z.string().min(1),
          age: z.int(),
          count: z.number().int(),
          weight: z.number().nullable(),
          alive: z.boolean().default(true),
          born: z.iso.date(),
          seen: z.iso.datetime({ offset: true }).nullable(),
          sex: z.enum(['f', 'm']),
          kind: z.literal('x'),
          tags: z.array(z.string()),
          friend: ref('people').nullable(),
        },
        everyone,
      ),
    },
  });
  const columns = collections.get('people')?.columns.map((column) => [column.name, column.kind, column.nullable]);
  expect(columns).toEqual([
    ['name', 'text', false],
    ['age', 'integer', false],
    ['count', 'integer', false],
    ['weight', 'real', true],
    ['alive', 'boolean', false],
    ['born', 'date', false],
    ['seen', 'instant', true],
    ['sex', 'text', false],
    ['kind', 'text', false],
    ['tags', 'json', false],
    ['friend', 'text', true],
  ]);
  expect(collections.get('people')?.column.get('friend')?.references).toBe('people');
});
