import {
  type Collection,
  type Json,
  type RecordGroup,
  type Schema,
  type Scope,
  type Version,
  versionOf,
} from '@holdfast/core';
import { type HeldRecord, type Retention, scopesAfter } from '../hold/retention.ts';
import type { SqlValue, WriteTx } from '../ports/storage-driver.ts';
import { upsertSql } from '../rebase/write-visible.ts';
import { toSql, valuesToRow } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';
import { addressOf } from '../write/plan-write.ts';

/** Stays below SQLite's limit of bound parameters. */
const CHUNK = 400;

export interface Applied {
  /** Collection → ids whose confirmed state changed. */
  readonly touched: Map<string, Set<string>>;
  /** A delta came for a record that is not here: what this device has is not what the server believes. */
  readonly missing: boolean;
}

/**
 * Brings the groups of a catch-up into the confirmed state, in order. `dirty` are the records with
 * outbox entries: their confirmed copy stands in `hf_confirmed`, all others' is the visible row itself.
 * `retention`: where the device holds only what is young.
 */
export async function applyGroups(
  tx: WriteTx,
  schema: Schema,
  groups: readonly RecordGroup[],
  dirty: ReadonlySet<string>,
  retention: Retention | null = null,
): Promise<Applied> {
  const touched = new Map<string, Set<string>>();
  let missing = false;
  for (const group of groups) {
    const collection = schema.collections.get(group.collection);
    // A collection of a newer schema: this app cannot show it. It is read again after the update.
    if (collection === undefined) continue;
    const ids = touched.get(collection.name) ?? new Set();
    touched.set(collection.name, ids);
    for (let from = 0; from < group.records.length; from += CHUNK) {
      const records = group.records.slice(from, from + CHUNK);
      for (const [id] of records) ids.add(id);
      missing = (await applyChunk(tx, collection, { ...group, records }, dirty, retention)) || missing;
    }
  }
  return { touched, missing };
}

async function applyChunk(
  tx: WriteTx,
  collection: Collection,
  all: RecordGroup,
  dirty: ReadonlySet<string>,
  retention: Retention | null,
): Promise<boolean> {
  const held = await heldRecords(
    tx,
    collection.name,
    all.records.map(([id]) => id),
  );
  const group = retention === null ? all : await retention.take(collection, all, held);
  const removed: string[] = [];
  const kept: SqlValue[][] = [];
  const whole: [string, Readonly<Record<string, Json>>][] = [];
  const deltas: [string, Readonly<Record<string, Json>>][] = [];
  let missing = false;
  for (const [id, count, values] of group.records) {
    const before = held.get(id);
    const scopes = scopesAfter(group, before);
    if (scopes.size === 0) {
      if (before !== undefined) removed.push(id);
      continue;
    }
    if (group.in.length > 0 && !group.whole && before === undefined) {
      missing = true;
      continue;
    }
    // A record that only left one of its scopes keeps content and version.
    const gives = group.in.length > 0 || group.whole;
    const version = gives ? versionOf(group.epoch, count) : (before?.version ?? versionOf(group.epoch, count));
    kept.push([collection.name, id, version, JSON.stringify([...scopes].sort())]);
    if (!gives) continue;
    if (group.whole) whole.push([id, values]);
    else deltas.push([id, values]);
  }
  await removeRecords(tx, collection, removed, dirty);
  await tx.runMany('INSERT OR REPLACE INTO hf_record (collection, id, version, scopes) VALUES (?, ?, ?, ?)', kept);
  await writeWhole(tx, collection, whole, dirty);
  await writeDeltas(tx, collection, deltas, dirty);
  return missing;
}

async function heldRecords(tx: WriteTx, collection: string, ids: readonly string[]): Promise<Map<string, HeldRecord>> {
  const rows = await tx.all(
    `SELECT id, version, scopes FROM hf_record WHERE collection = ? AND id IN (${ids.map(() => '?').join(', ')})`,
    [collection, ...ids],
  );
  return new Map(
    rows.map((row) => [
      row.id as string,
      { version: row.version as Version, scopes: new Set(JSON.parse(row.scopes as string) as Scope[]) },
    ]),
  );
}

/** SY12: what is in no scope of the user any more leaves the device; its entries stay in the outbox. */
export async function removeRecords(
  tx: WriteTx,
  collection: Collection,
  ids: readonly string[],
  dirty: ReadonlySet<string>,
): Promise<void> {
  const isDirty = (id: string) => dirty.has(addressOf(collection.name, id));
  await tx.runMany(
    'DELETE FROM hf_record WHERE collection = ? AND id = ?',
    ids.map((id) => [collection.name, id]),
  );
  await tx.runMany(
    'DELETE FROM hf_confirmed WHERE collection = ? AND id = ?',
    ids.filter(isDirty).map((id) => [collection.name, id]),
  );
  await tx.runMany(
    `DELETE FROM ${quote(collection.name)} WHERE id = ?`,
    ids.filter((id) => !isDirty(id)).map((id) => [id]),
  );
}

async function writeWhole(
  tx: WriteTx,
  collection: Collection,
  records: readonly (readonly [string, Readonly<Record<string, Json>>])[],
  dirty: ReadonlySet<string>,
): Promise<void> {
  const clean: SqlValue[][] = [];
  const confirmed: SqlValue[][] = [];
  for (const [id, values] of records) {
    if (dirty.has(addressOf(collection.name, id))) confirmed.push([collection.name, id, JSON.stringify(values)]);
    else clean.push(valuesToRow(collection, id, values));
  }
  await tx.runMany(upsertSql(collection), clean);
  await tx.runMany('INSERT OR REPLACE INTO hf_confirmed (collection, id, fields) VALUES (?, ?, ?)', confirmed);
}

async function writeDeltas(
  tx: WriteTx,
  collection: Collection,
  records: readonly (readonly [string, Readonly<Record<string, Json>>])[],
  dirty: ReadonlySet<string>,
): Promise<void> {
  for (const [id, values] of records) {
    const columns = collection.columns.filter((column) => Object.hasOwn(values, column.name));
    if (columns.length === 0) continue;
    if (dirty.has(addressOf(collection.name, id))) {
      await mergeConfirmed(tx, collection.name, id, values);
      continue;
    }
    await tx.run(
      `UPDATE ${quote(collection.name)} SET ${columns.map(({ name }) => `${quote(name)} = ?`).join(', ')} WHERE id = ?`,
      [...columns.map((column) => toSql(column, values[column.name])), id],
    );
  }
}

async function mergeConfirmed(
  tx: WriteTx,
  collection: string,
  id: string,
  values: Readonly<Record<string, Json>>,
): Promise<void> {
  const rows = await tx.all('SELECT fields FROM hf_confirmed WHERE collection = ? AND id = ?', [collection, id]);
  const before = rows[0] === undefined ? {} : (JSON.parse(rows[0].fields as string) as Record<string, Json>);
  await tx.run('INSERT OR REPLACE INTO hf_confirmed (collection, id, fields) VALUES (?, ?, ?)', [
    collection,
    id,
    JSON.stringify({ ...before, ...values }),
  ]);
}
