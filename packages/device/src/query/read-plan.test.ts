import { collection, ref, schema } from '@holdfast/core';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { buildPlan, createQueryBuilder } from '../facade/build-query.ts';

const app = schema({
  version: 1,
  collections: {
    people: collection({ name: z.string(), alive: z.boolean(), tags: z.array(z.string()) }, { scopes: ['everyone'] }),
    visits: collection({ personId: ref('people'), done: z.boolean(), minutes: z.int() }, { scopes: ['everyone'] }),
  },
});
const db = createQueryBuilder<typeof app>();
const plan = (build: Parameters<typeof buildPlan<typeof app, unknown>>[2]) => buildPlan(app, db, build);

test('[ST12] a query reads the tables it names, in joins and subqueries too', () => {
  expect(plan((q) => q.selectFrom('people').selectAll()).tables).toEqual(['people']);
  expect(
    plan((q) => q.selectFrom('visits').innerJoin('people', 'people.id', 'visits.personId').select('people.name'))
      .tables,
  ).toEqual(['people', 'visits']);
  expect(
    plan((q) =>
      q
        .selectFrom('people')
        .select('name')
        .where('id', 'in', (e) => e.selectFrom('visits').select('personId')),
    ).tables,
  ).toEqual(['people', 'visits']);
  expect(
    plan((q) =>
      q
        .with('busy', (w) => w.selectFrom('visits').selectAll())
        .selectFrom('busy')
        .select('minutes'),
    ).tables,
  ).toEqual(['visits']);
});

test('[ST12] raw SQL may read anything, so its query is rerun at every commit', () => {
  const raw = plan((q) => q.selectFrom('people').select(sql<number>`(select count(*) from visits)`.as('n')));
  expect(raw.tables).toContain('*');
});

test('columns come back in the types of the schema, whatever they are called', () => {
  expect(plan((q) => q.selectFrom('people').selectAll()).kinds).toEqual({ alive: 'boolean', tags: 'json' });
  expect(
    plan((q) =>
      q
        .selectFrom('visits as v')
        .innerJoin('people as p', 'p.id', 'v.personId')
        .select(['p.tags as labels', 'v.done', 'p.name']),
    ).kinds,
  ).toEqual({ labels: 'json', done: 'boolean' });
  expect(
    plan((q) => q.selectFrom(q.selectFrom('people').select(['alive as yes']).as('inner')).selectAll()).kinds,
  ).toEqual({ yes: 'boolean' });
});

test('a value that is computed stays what SQLite gives', () => {
  expect(plan((q) => q.selectFrom('people').select((e) => e.fn.count('id').as('alive'))).kinds).toEqual({});
});

test('only a SELECT is run', () => {
  expect(() => plan((q) => q.deleteFrom('people'))).toThrow(/SELECT only/);
  expect(() => plan((q) => q.updateTable('people').set({ name: 'x' }))).toThrow(/SELECT only/);
});
