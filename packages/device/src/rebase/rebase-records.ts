import type { Collection, Json, Schema } from '@holdfast/core';
import type { Entry } from '../outbox/entry.ts';
import { isLiveState } from '../outbox/liveness.ts';
import { entriesOfRecords, type RecordAddress } from '../outbox/outbox-store.ts';
import type { SqlValue, WriteTx } from '../ports/storage-driver.ts';
import { valuesToRow } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';
import { visibleValues } from './apply-content.ts';
import { upsertSql } from './write-visible.ts';

/** Said of an entry that is part of what is seen. */
export function isLive(entry: Entry): boolean {
  return isLiveState(entry.state);
}

const CHUNK = 400;

/**
 * SY5: makes the visible state of these records what confirmed state and live entries say. Every one of
 * them has entries, or had until now: a record that had some keeps its confirmed copy until here, where
 * it becomes the visible one and the copy goes.
 */
export async function rebaseRecords(tx: WriteTx, schema: Schema, records: Iterable<RecordAddress>): Promise<void> {
  const byCollection = new Map<string, Set<string>>();
  for (const { collection, record } of records) {
    const ids = byCollection.get(collection);
    if (ids === undefined) byCollection.set(collection, new Set([record]));
    else ids.add(record);
  }
  for (const [name, ids] of byCollection) {
    const collection = schema.collections.get(name);
    if (collection === undefined) continue;
    const all = [...ids];
    for (let from = 0; from < all.length; from += CHUNK) {
      await rebaseChunk(tx, collection, all.slice(from, from + CHUNK));
    }
  }
}

async function rebaseChunk(tx: WriteTx, collection: Collection, ids: readonly string[]): Promise<void> {
  const chosen = JSON.stringify(ids);
  const entries = await entriesOfRecords(tx, collection.name, ids);
  const rows = await tx.all(
    'SELECT id, fields FROM hf_confirmed WHERE collection = ? AND id IN (SELECT value FROM json_each(?))',
    [collection.name, chosen],
  );
  const confirmed = new Map(
    rows.map((row) => [row.id as string, JSON.parse(row.fields as string) as Record<string, Json>]),
  );
  const shown: SqlValue[][] = [];
  const gone: SqlValue[][] = [];
  const clean: SqlValue[][] = [];
  for (const id of ids) {
    const own = entries.get(id) ?? [];
    const values = visibleValues(confirmed.get(id) ?? null, own.filter(isLive));
    if (values === null) gone.push([id]);
    else shown.push(valuesToRow(collection, id, values));
    if (own.length === 0) clean.push([collection.name, id]);
  }
  await tx.runMany(upsertSql(collection), shown);
  await tx.runMany(`DELETE FROM ${quote(collection.name)} WHERE id = ?`, gone);
  await tx.runMany('DELETE FROM hf_confirmed WHERE collection = ? AND id = ?', clean);
}
