import { type Collection, type Json, type Schema, sameJson } from '@holdfast/core';
import { allEntries } from '../outbox/outbox-store.ts';
import type { ReadTx } from '../ports/storage-driver.ts';
import { rowToValues } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';
import { addressOf } from '../write/plan-write.ts';
import { type Values, visibleValues } from './apply-content.ts';
import { isLive } from './rebase-records.ts';

/** A record that does not look as confirmed state and outbox say it should. */
export interface Difference {
  readonly collection: string;
  readonly record: string;
  readonly problem: string;
  readonly expected: Values;
  readonly visible: Values;
}

/**
 * SY5: recomputes the visible state of every record with outbox entries from nothing, and checks that
 * every other visible record is one the server is known to have, and the other way round. Reports each
 * difference.
 */
export async function verify(tx: ReadTx, schema: Schema): Promise<Difference[]> {
  const entries = await allEntries(tx);
  const byRecord = groupEntries(entries);
  const differences: Difference[] = [];
  for (const collection of schema.collections.values()) {
    const rows = await tx.all(`SELECT * FROM ${quote(collection.name)}`);
    const visible = new Map<string, Values>(rows.map((row) => [row.id as string, rowToValues(collection, row)]));
    const confirmedRows = await tx.all('SELECT id, fields FROM hf_confirmed WHERE collection = ?', [collection.name]);
    const confirmed = new Map<string, Values>(
      confirmedRows.map((row) => [row.id as string, JSON.parse(row.fields as string) as Record<string, Json>]),
    );
    const held = new Set(
      (await tx.all('SELECT id FROM hf_record WHERE collection = ?', [collection.name])).map((row) => row.id as string),
    );
    const bare = new Set(
      (await tx.all(`SELECT id FROM hf_retained WHERE collection = ? AND content <> 'here'`, [collection.name])).map(
        (row) => row.id as string,
      ),
    );
    const dirty = new Set<string>();
    for (const [address, own] of byRecord) {
      const [first] = own;
      if (first?.collection !== collection.name) continue;
      const record = address.slice(collection.name.length + 1);
      dirty.add(record);
      const expected = asShown(collection, visibleValues(confirmed.get(record) ?? null, own.filter(isLive)));
      const seen = visible.get(record) ?? null;
      if (!sameJson(expected, seen)) {
        differences.push({
          collection: collection.name,
          record,
          problem: 'not confirmed + live entries',
          expected,
          visible: seen,
        });
      }
      if (held.has(record) !== confirmed.has(record) && !bare.has(record)) {
        differences.push({
          collection: collection.name,
          record,
          problem: 'version without copy, or copy without version',
          expected,
          visible: seen,
        });
      }
    }
    for (const [record, values] of visible) {
      if (dirty.has(record) || held.has(record)) continue;
      differences.push({
        collection: collection.name,
        record,
        problem: 'visible, but nobody has it',
        expected: null,
        visible: values,
      });
    }
    for (const record of held) {
      if (dirty.has(record) || visible.has(record) || bare.has(record)) continue;
      differences.push({
        collection: collection.name,
        record,
        problem: 'held, but not visible',
        expected: null,
        visible: null,
      });
    }
    for (const record of confirmed.keys()) {
      if (dirty.has(record)) continue;
      differences.push({
        collection: collection.name,
        record,
        problem: 'a confirmed copy that nothing needs',
        expected: null,
        visible: null,
      });
    }
  }
  return differences;
}

/** A field that a newer schema added is in no copy and no entry made before; what is shown of it is null. */
function asShown(collection: Collection, values: Values): Values {
  if (values === null) return null;
  return Object.fromEntries(collection.columns.map(({ name }) => [name, values[name] ?? null]));
}

function groupEntries<T extends { collection: string; record: string }>(entries: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const entry of entries) {
    const address = addressOf(entry.collection, entry.record);
    const group = groups.get(address);
    if (group) group.push(entry);
    else groups.set(address, [entry]);
  }
  return groups;
}
