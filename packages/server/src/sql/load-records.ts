import { type Collection, type Json, must, type Schema, type Scope } from '@holdfast/core';
import { type Loaded, type LoadedRecord, type LoadRequest, type RecordKey, recordKey } from '../store/server-store.ts';
import { type Epochs, latestEpoch, markFrom, type StoredMark, versionFrom } from './mark-codec.ts';
import type { SqlSession } from './sql-database.ts';
import { quoteName, rowAsJson, type SqlNames } from './sql-names.ts';
import { type AppliedJson, appliedAsJson, appliedFrom } from './stored-applied.ts';

/** What the store's parts know of the database. */
export interface SqlContext {
  readonly schema: Schema;
  readonly names: SqlNames;
  /** The numbers by which the sidecars know the collections. */
  readonly numbers: ReadonlyMap<string, number>;
}

type Values = Readonly<Record<string, Json>>;

interface RecordJson {
  readonly id: string;
  readonly count: number;
  readonly epoch: number;
  readonly created: StoredMark;
  readonly marks: Readonly<Record<string, StoredMark>>;
  readonly deleted: StoredMark | null;
  readonly values: Values | null;
  readonly scopes: readonly string[];
  readonly alive: boolean;
}

/** Ids by collection, sorted; the collections in the order in which everybody locks. */
type KeySets = Map<Collection, Set<string>>;

/**
 * Locks and reads. All locks are taken first, in the order of (collection, id), and everything is read
 * after them in statements of their own: a statement that locks gives the new version of the row it
 * waited for, but the old one of all it joins.
 *
 * A record that does not exist is locked by a row with count 0 in `hf_record`, which every creator has to
 * pass, other programs included; the caller removes what is left of these (`reserved`).
 */
export async function loadRecords(
  session: SqlSession,
  context: SqlContext,
  request: LoadRequest,
): Promise<{ loaded: Loaded; reserved: readonly RecordKey[] }> {
  const epochs = await readEpochs(session, context);
  const records = keySets(context, request.records);
  const parents = keySets(context, request.parents);
  await addParents(session, context, records, parents);
  const reserved: RecordKey[] = [];
  for (const collection of lockOrder(records, parents)) {
    await holdParents(session, context, collection, without(parents.get(collection), records.get(collection)));
    reserved.push(...(await lockRecords(session, context, collection, records.get(collection))));
  }
  // A record that changed its parent while we waited for it: its new one is held out of order, at the risk
  // of a deadlock, which is repeated.
  for (const [collection, ids] of await addParents(session, context, records, parents)) {
    await holdParents(session, context, collection, without(ids, records.get(collection)));
  }
  const found = new Map<string, LoadedRecord>();
  for (const collection of lockOrder(records, parents)) {
    const ids = new Set([...(records.get(collection) ?? []), ...(parents.get(collection) ?? [])]);
    await readRecords(session, context, collection, ids, epochs, found);
  }
  const applied = await readApplied(session, context, request, epochs);
  return { loaded: { epoch: latestEpoch(epochs), applied, records: found }, reserved };
}

function keySets(context: SqlContext, keys: readonly RecordKey[]): KeySets {
  const sets: KeySets = new Map();
  for (const { collection, id } of keys) {
    addTo(sets, must(context.schema.collections.get(collection), `the collection ${collection}`), id);
  }
  return sets;
}

function addTo(sets: KeySets, collection: Collection, id: string): boolean {
  const ids = sets.get(collection) ?? new Set();
  sets.set(collection, ids);
  if (ids.has(id)) return false;
  ids.add(id);
  return true;
}

function lockOrder(...sets: readonly KeySets[]): Collection[] {
  const all = new Set(sets.flatMap((each) => [...each.keys()]));
  return [...all].sort((a, b) => a.index - b.index);
}

const sorted = (ids: Iterable<string>) => [...ids].sort();

/** Adds what the records inherit from, the deleted ones by their last content, and says what was new. */
async function addParents(session: SqlSession, context: SqlContext, records: KeySets, parents: KeySets) {
  const added: KeySets = new Map();
  for (const [collection, ids] of records) {
    for (const { field, collection: target } of collection.inherits) {
      const { rows } = await session.query(
        `SELECT ${quoteName(field)} AS parent FROM ${context.names.table(collection.name)}
         WHERE id = ANY($1::text[]) AND ${quoteName(field)} IS NOT NULL
         UNION SELECT content ->> $2 FROM ${context.names.hf('record')}
         WHERE collection = $3 AND id = ANY($1::text[]) AND deleted IS NOT NULL AND content ->> $2 IS NOT NULL`,
        [sorted(ids), field, numberOf(context, collection)],
      );
      const parent = must(context.schema.collections.get(target), `the collection ${target}`);
      for (const row of rows) {
        const id = String(row['parent']);
        if (addTo(parents, parent, id)) addTo(added, parent, id);
      }
    }
  }
  return added;
}

/** What is going to be changed gets the stronger lock at once: two that share one first and then want more deadlock. */
function without(ids: Set<string> | undefined, taken: ReadonlySet<string> | undefined): Set<string> | undefined {
  return ids === undefined || taken === undefined ? ids : new Set([...ids].filter((id) => !taken.has(id)));
}

async function holdParents(session: SqlSession, context: SqlContext, collection: Collection, ids?: Set<string>) {
  if (ids === undefined || ids.size === 0) return;
  await session.query(
    `SELECT FROM ${context.names.table(collection.name)} WHERE id = ANY($1::text[]) ORDER BY id FOR KEY SHARE`,
    [sorted(ids)],
  );
}

async function lockRecords(
  session: SqlSession,
  context: SqlContext,
  collection: Collection,
  ids?: Set<string>,
): Promise<RecordKey[]> {
  if (ids === undefined || ids.size === 0) return [];
  const lock = async (wanted: readonly string[]) => {
    const { rows } = await session.query(
      `SELECT id FROM ${context.names.table(collection.name)} WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE`,
      [wanted],
    );
    const locked = new Set(rows.map((row) => String(row['id'])));
    return wanted.filter((id) => !locked.has(id));
  };
  const missing = await lock(sorted(ids));
  if (missing.length === 0) return [];
  const { rows } = await session.query(
    `INSERT INTO ${context.names.hf('record')} AS r (collection, id, count, epoch)
     SELECT $1, k, 0, 0 FROM unnest($2::text[]) k ORDER BY k COLLATE "C"
     ON CONFLICT (collection, id) DO UPDATE SET count = r.count
     RETURNING id, count = 0 AND NOT awaited AS reserved, count > 0 AND deleted IS NULL AS alive`,
    [numberOf(context, collection), missing],
  );
  // Created by another while we waited for its place.
  const there = rows.filter((row) => row['alive'] === true).map((row) => String(row['id']));
  if (there.length > 0) await lock(there.sort());
  return rows
    .filter((row) => row['reserved'] === true)
    .map((row) => ({ collection: collection.name, id: String(row['id']) }));
}

/** Takes away the places of records that were not created after all. */
export async function releaseReserved(session: SqlSession, context: SqlContext, keys: readonly RecordKey[]) {
  for (const [collection, ids] of keySets(context, keys)) {
    await session.query(
      `DELETE FROM ${context.names.hf('record')}
       WHERE collection = $1 AND id = ANY($2::text[]) AND count = 0 AND NOT awaited`,
      [numberOf(context, collection), sorted(ids)],
    );
  }
}

function numberOf(context: SqlContext, collection: Collection): number {
  return must(context.numbers.get(collection.name), `the number of ${collection.name}`);
}

async function readEpochs(session: SqlSession, { names }: SqlContext): Promise<Epochs> {
  const { rows } = await session.query(`SELECT ordinal, epoch FROM ${names.hf('epoch')}`);
  return Object.fromEntries(rows.map((row) => [String(row['ordinal']), String(row['epoch'])]));
}

async function readRecords(
  session: SqlSession,
  context: SqlContext,
  collection: Collection,
  ids: Iterable<string>,
  epochs: Epochs,
  into: Map<string, LoadedRecord>,
): Promise<void> {
  const { hf, table } = context.names;
  const { rows } = await session.query(
    `SELECT json_build_object('id', r.id, 'count', r.count, 'epoch', r.epoch, 'created', r.created,
       'marks', r.marks, 'deleted', r.deleted, 'alive', r.deleted IS NULL,
       'values', coalesce(r.content::json, CASE WHEN t.id IS NOT NULL THEN ${rowAsJson(collection, 't', 'to_json')} END),
       'scopes', ARRAY(SELECT s.name FROM ${hf('scope')} s WHERE s.id = ANY(r.scopes))) AS record
     FROM unnest($2::text[]) k(id)
     CROSS JOIN LATERAL (
       SELECT * FROM ${hf('record')} r WHERE r.collection = $1 AND r.id = k.id AND r.count > 0 OFFSET 0
     ) r
     LEFT JOIN ${table(collection.name)} t ON t.id = k.id`,
    [numberOf(context, collection), sorted(ids)],
  );
  for (const row of rows) {
    const record = row['record'] as RecordJson;
    // Deleted while triggers were off: there is nothing to decide upon.
    if (record.values === null) continue;
    into.set(recordKey(collection.name, record.id), recordFrom(record, record.values, collection, epochs));
  }
}

function recordFrom(record: RecordJson, values: Values, collection: Collection, epochs: Epochs): LoadedRecord {
  const marks = Object.entries(record.marks).filter(([field]) => collection.column.has(field));
  const scopes = record.scopes as readonly Scope[];
  return {
    state: {
      version: versionFrom(record.count, record.epoch, epochs),
      values,
      marks: Object.fromEntries(marks.map(([field, mark]) => [field, markFrom(mark, epochs)])),
      created: markFrom(record.created, epochs),
      deleted: record.deleted === null ? null : markFrom(record.deleted, epochs),
    },
    scopes: record.alive ? scopes : [],
    lastScopes: record.alive ? [] : scopes,
  };
}

async function readApplied(session: SqlSession, { names }: SqlContext, request: LoadRequest, epochs: Epochs) {
  if (request.ids.length === 0) return new Map();
  const { rows } = await session.query(
    `WITH RECURSIVE asked(id) AS (
       SELECT unnest($1::text[]::uuid[])
       UNION SELECT h.id FROM asked JOIN ${names.hf('applied')} h ON h.resolves @> ARRAY[asked.id]
     )
     SELECT ${appliedAsJson('a')} AS applied FROM ${names.hf('applied')} a WHERE a.id IN (SELECT id FROM asked)`,
    [request.ids],
  );
  const found = rows.map((row) => appliedFrom(row['applied'] as AppliedJson, epochs));
  return new Map(found.map((each) => [each.id, each]));
}
