import {
  type Collection,
  type Column,
  type JsonObject,
  liftRecord,
  type Schema,
  type Step,
  sameJson,
} from '@holdfast/core';
import type { Entry } from '../outbox/entry.ts';
import { allEntries } from '../outbox/outbox-store.ts';
import type { SqlRow, SqlValue, WriteTx } from '../ports/storage-driver.ts';
import { rebaseRecords } from '../rebase/rebase-records.ts';
import { upsertSql } from '../rebase/write-visible.ts';
import { fromSql, valuesToRow } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';
import { liftEntry } from './lift-entry.ts';
import { liftState } from './lift-sides.ts';
import { renamed, stepsFrom } from './old-names.ts';
import { keepOriginal } from './originals.ts';
import { readShape, type Shape } from './shape.ts';

/** Tables that name the collection of what they speak of. */
const NAMING = ['hf_record', 'hf_confirmed', 'hf_retained', 'hf_outbox', 'hf_outbox_ref', 'hf_sent', 'hf_ids'] as const;
const LOOKED_AT = ['hf_audit', 'hf_overridden'] as const;
const CHUNK = 500;

/** A store between two versions of its schema: what the older one had is put aside. */
export interface Lifting {
  /** To be called once the tables of the newer schema are there. */
  finish(): Promise<void>;
}

/**
 * CF12: brings what is shown, and what waits, to the schema of the day by its declared steps, so that nobody sees
 * half of it before everything is read again. Null where no step concerns this store.
 */
export async function beginLift(tx: WriteTx, schema: Schema, from: number): Promise<Lifting | null> {
  const steps = stepsFrom(schema, from);
  if (steps.length === 0) return null;
  const shape = await readShape(tx);
  const tables = await tx.all(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'hf\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
  );
  const aside = tables.map(({ name }) => name as string).filter((name) => renamed(steps, name).touched);
  for (const name of aside) await putAside(tx, name);
  return {
    async finish() {
      for (const name of aside) await liftTable(tx, schema, from, name, kindsOf(shape, schema, steps, name));
      await liftConfirmed(tx, schema, from, aside);
      for (const name of aside) await rename(tx, name, renamed(steps, name).name);
      await liftEntries(tx, schema);
      for (const name of aside) await tx.run(`DROP TABLE ${quote(asideName(name))}`);
      await rebaseRecords(tx, schema, await allEntries(tx));
    },
  };
}

const asideName = (name: string) => `hf_old_${name}`;

async function putAside(tx: WriteTx, name: string): Promise<void> {
  await tx.run(`ALTER TABLE ${quote(name)} RENAME TO ${quote(asideName(name))}`);
  const indexes = await tx.all(
    `SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`,
    [asideName(name)],
  );
  for (const index of indexes) await tx.run(`DROP INDEX ${quote(index.name as string)}`);
}

/** Clean records are shown as they are held; one that cannot be lifted comes again with the full read. */
async function liftTable(
  tx: WriteTx,
  schema: Schema,
  from: number,
  name: string,
  kinds: Readonly<Record<string, Column['kind']>>,
): Promise<void> {
  let after = '';
  for (;;) {
    const rows = await tx.all(`SELECT * FROM ${quote(asideName(name))} WHERE id > ? ORDER BY id LIMIT ${CHUNK}`, [
      after,
    ]);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id as string;
    const shown = new Map<Collection, SqlValue[][]>();
    const lost: SqlValue[][] = [];
    for (const row of rows) {
      const lifted = liftRecord(schema, from, { collection: name, values: decoded(row, kinds) });
      const collection = lifted.ok ? schema.collections.get(lifted.value.collection) : undefined;
      if (!lifted.ok || collection === undefined) {
        lost.push([name, row.id as string]);
        continue;
      }
      const list = shown.get(collection) ?? [];
      shown.set(collection, list);
      list.push(valuesToRow(collection, row.id as string, lifted.value.values));
    }
    for (const [collection, list] of shown) await tx.runMany(upsertSql(collection), list);
    await tx.runMany('DELETE FROM hf_record WHERE collection = ? AND id = ?', lost);
  }
}

async function liftConfirmed(tx: WriteTx, schema: Schema, from: number, names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (const row of await tx.all('SELECT id, fields FROM hf_confirmed WHERE collection = ?', [name])) {
      const id = row.id as string;
      const lifted = liftRecord(schema, from, { collection: name, values: JSON.parse(row.fields as string) });
      if (lifted.ok) {
        await tx.run('UPDATE hf_confirmed SET fields = ? WHERE collection = ? AND id = ?', [
          JSON.stringify(lifted.value.values),
          name,
          id,
        ]);
      } else {
        await tx.run('DELETE FROM hf_confirmed WHERE collection = ? AND id = ?', [name, id]);
        await tx.run('DELETE FROM hf_record WHERE collection = ? AND id = ?', [name, id]);
      }
    }
  }
}

async function rename(tx: WriteTx, from: string, to: string | null): Promise<void> {
  if (to === null || to === from) {
    if (to === null) for (const table of ['hf_record', 'hf_confirmed', 'hf_retained']) await forget(tx, table, from);
    return;
  }
  // What waits is renamed with its content.
  for (const table of [...NAMING, ...LOOKED_AT]) {
    if (table === 'hf_outbox' || table === 'hf_sent') continue;
    await tx.run(`UPDATE OR REPLACE ${table} SET collection = ? WHERE collection = ?`, [to, from]);
  }
}

async function forget(tx: WriteTx, table: string, collection: string): Promise<void> {
  await tx.run(`DELETE FROM ${table} WHERE collection = ?`, [collection]);
}

/** Entries say what they say now; as they were written they are kept beside, and sent. */
async function liftEntries(tx: WriteTx, schema: Schema): Promise<void> {
  for (const entry of await allEntries(tx)) {
    if (entry.schema >= schema.version) continue;
    await tx.run('UPDATE hf_outbox SET state = ? WHERE seq = ?', [JSON.stringify(liftState(schema, entry)), entry.seq]);
    const lifted = liftEntry(schema, entry);
    if (lifted === null || isSame(entry, lifted)) continue;
    await keepOriginal(tx, entry);
    const { kind: _, ...body } = lifted.content;
    await tx.run('UPDATE hf_outbox SET collection = ?, body = ? WHERE seq = ?', [
      lifted.collection,
      JSON.stringify(body),
      entry.seq,
    ]);
  }
  for (const row of await tx.all('SELECT id, content FROM hf_sent')) {
    const entry = JSON.parse(row.content as string) as Entry;
    const lifted = entry.schema < schema.version ? liftEntry(schema, entry) : null;
    if (lifted === null || isSame(entry, lifted)) continue;
    await keepOriginal(tx, entry);
    await tx.run('UPDATE hf_sent SET collection = ?, content = ? WHERE id = ?', [
      lifted.collection,
      JSON.stringify({ ...entry, ...lifted }),
      row.id as string,
    ]);
  }
}

function isSame(entry: Entry, lifted: Pick<Entry, 'collection' | 'content'>): boolean {
  const plain = (content: Entry['content']) => JSON.parse(JSON.stringify(content)) as JsonObject;
  return entry.collection === lifted.collection && sameJson(plain(entry.content), plain(lifted.content));
}

function decoded({ id: _, ...row }: SqlRow, kinds: Readonly<Record<string, Column['kind']>>): JsonObject {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => [field, fromSql(kinds[field] ?? 'text', value)]),
  );
}

/** What the store says of itself; one that was made before it did has mostly the fields of today. */
function kindsOf(
  shape: Shape | null,
  schema: Schema,
  steps: readonly Step[],
  name: string,
): Readonly<Record<string, Column['kind']>> {
  const known = shape?.[name];
  if (known !== undefined) return known;
  const columns = schema.collections.get(renamed(steps, name).name ?? '')?.columns ?? [];
  return Object.fromEntries(columns.map((column) => [column.name, column.kind]));
}
