import { canonicalJson, collection, type Json, limits, must, parseJson, schema, validateFields } from '@holdfast/core';
import { nasty } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { memoryStorage } from '../node.ts';
import type { SqlValue } from '../ports/storage-driver.ts';
import { rowToValues, valuesToRow } from './field-values.ts';
import { quote, storeTables } from './tables.ts';

const app = schema({
  version: 1,
  collections: {
    samples: collection(
      {
        text: z.string().nullable(),
        integer: z.int().nullable(),
        real: z.number().nullable(),
        boolean: z.boolean().nullable(),
        date: z.iso.date().nullable(),
        instant: z.iso.datetime({ offset: true }).nullable(),
        json: z.json().nullable(),
        choice: z.union([z.string(), z.number(), z.boolean()]).nullable(),
      },
      { scopes: ['everyone'] },
    ),
  },
});
const samples = must(app.collections.get('samples'), 'the collection');
const key = { key: new Uint8Array(32), salt: new Uint8Array(16) };

test('[WR2, SY5] whatever is taken comes back unchanged from the store, and from the wire', async () => {
  const driver = await memoryStorage().openDatabase(key);
  await driver.write(async (tx) => {
    for (const sql of storeTables(app)) await tx.run(sql);
  });
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 10 });
  const given = fc.record({
    text: maybe(nasty.text),
    integer: maybe(nasty.integer),
    real: maybe(nasty.real),
    boolean: maybe(nasty.boolean),
    date: maybe(nasty.date),
    instant: maybe(nasty.instant),
    json: maybe(nasty.json),
    choice: maybe(fc.oneof(nasty.text, nasty.real, nasty.boolean)),
  });
  const insert = `INSERT INTO ${quote('samples')} VALUES (${['id', ...samples.columns].map(() => '?').join(', ')})`;
  await fc.assert(
    fc.asyncProperty(given, async (input) => {
      const values: Record<string, Json> = {};
      for (const [field, value] of Object.entries(input)) {
        const checked = validateFields(samples, 'p1', { [field]: value }, 'update');
        values[field] = checked.ok ? (checked.values[field] ?? null) : null;
      }
      const row = await driver.write(async (tx) => {
        await tx.run('DELETE FROM samples');
        await tx.run(insert, valuesToRow(samples, 'p1', values));
        return must((await tx.all('SELECT * FROM samples'))[0], 'the row');
      });
      expect(rowToValues(samples, row)).toEqual(values);
      // The same twice is no change: nothing is written for it, and nothing conflicts.
      expect(valuesToRow(samples, 'p1', rowToValues(samples, row))).toEqual(Object.values(row) as SqlValue[]);
      const sent = parseJson(JSON.stringify(values), limits.depth);
      expect(sent).toEqual({ value: values });
      expect(canonicalJson(values)).toBe(canonicalJson(('value' in sent ? sent.value : null) as Json));
      expect(validateFields(samples, 'p1', values, 'update')).toEqual({ ok: true, values });
    }),
    { numRuns: 1_000 },
  );
});
