import { collection, must, schema, scopesOf } from '@holdfast/core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { openPglite } from './pglite-database.ts';
import { scopeExpression } from './scope-sql.ts';
import type { SqlDatabase } from './sql-database.ts';
import { recordShape } from './sql-names.ts';

const app = schema({
  version: 1,
  collections: {
    things: collection(
      {
        text: z.string().nullable(),
        whole: z.int().nullable(),
        flag: z.boolean().nullable(),
        day: z.iso.date().nullable(),
        at: z.iso.datetime({ offset: true }).nullable(),
      },
      {
        scopes: [
          'everyone',
          'a:{text}',
          '{text}',
          '{text}+{whole}',
          "it's \\ {id} {flag}",
          'n:{whole}',
          'd/{day}/{at}',
          '{flag}-{day}-{text}-é🙂',
        ],
      },
    ),
  },
});
const things = must(app.collections.get('things'), 'the collection');

let db: SqlDatabase;
beforeAll(async () => {
  db = await openPglite(null);
});
afterAll(() => db.close());

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(' ', "'", '\\', '{', '}', '%', ':', '+', '-'),
    fc.string({ unit: 'grapheme', maxLength: 1 }),
  ),
  maxLength: 12,
});
const day = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const values = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,10}$/),
  text: fc.option(text.filter((each) => !each.includes('\0'))),
  whole: fc.option(fc.maxSafeInteger()),
  flag: fc.option(fc.boolean()),
  day: fc.option(day),
  at: fc.option(fc.constantFrom('2024-02-29T23:59:59.123+05:30', '2024-02-29T00:00:00Z', '')),
});

test('[SV5] the scopes that SQL computes are those that core computes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(values, { minLength: 1, maxLength: 40 }), async (rows) => {
      const list = things.templates.map((template) => scopeExpression(things, template, 't')).join(', ');
      const { rows: answered } = await db.query(
        `SELECT ARRAY[${list}] AS scopes
         FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY e(row, at),
           LATERAL jsonb_to_record(e.row) t(${recordShape(things.columns)}) ORDER BY e.at`,
        [JSON.stringify(rows)],
      );
      const expected = rows.map((row) =>
        things.templates.map((template) => {
          const alone = { ...things, templates: [template] };
          return scopesOf(app, alone, row.id, row, () => null)[0] ?? null;
        }),
      );
      expect(answered.map((row) => row['scopes'])).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('[SV5] whatever way the session writes dates', async () => {
  await db.query("SET DateStyle = 'German, DMY'");
  const at = things.templates.findIndex((template) => template.fields.includes('day'));
  const template = must(things.templates[at], 'a template with a day');
  const { rows } = await db.query(
    `SELECT ${scopeExpression(things, template, 't')} AS scope FROM (SELECT date '2024-02-29' AS day, 'x'::text AS at) t`,
  );
  await db.query('RESET DateStyle');
  expect(rows).toEqual([{ scope: 'd/2024-02-29/x' }]);
});
