import { type Collection, must } from '@holdfast/core';
import type { ImportRow } from '../store/server-store.ts';
import type { SqlContext } from './load-records.ts';
import { repeat } from './repeat.ts';
import type { SqlDatabase } from './sql-database.ts';
import { quoteName, recordShape } from './sql-names.ts';

const ROWS_A_STATEMENT = 1_000;

/**
 * Upserts rows as any other program would, a thousand a statement, each a transaction of its own: one
 * long transaction would hold back vacuum and every lock it took. Rows that are already so are not
 * touched. Of several rows with one id the last counts.
 */
export async function importRows(
  db: SqlDatabase,
  context: SqlContext,
  collectionName: string,
  rows: readonly ImportRow[],
  random: { fraction(): number },
): Promise<void> {
  const collection = must(context.schema.collections.get(collectionName), `the collection ${collectionName}`);
  // One statement writes one set of fields: rows that leave others out keep those.
  const shapes = new Map<string, Map<string, ImportRow>>();
  for (const row of rows) {
    const shape = collection.columns.filter(({ name }) => Object.hasOwn(row.values, name)).map(({ name }) => name);
    const key = shape.join();
    const same = shapes.get(key) ?? new Map<string, ImportRow>();
    same.set(row.id, row);
    shapes.set(key, same);
  }
  for (const same of shapes.values()) {
    const all = [...same.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (let from = 0; from < all.length; from += ROWS_A_STATEMENT) {
      const set = all.slice(from, from + ROWS_A_STATEMENT);
      await repeat(random, () => upsert(db, context, collection, set));
    }
  }
}

async function upsert(db: SqlDatabase, context: SqlContext, collection: Collection, rows: readonly ImportRow[]) {
  const [first] = rows;
  if (first === undefined) return;
  const columns = collection.columns.filter(({ name }) => Object.hasOwn(first.values, name));
  const names = columns.map(({ name }) => quoteName(name));
  const list = (prefix: string) => names.map((name) => `${prefix}${name}`).join(', ');
  const update =
    names.length === 0
      ? 'NOTHING'
      : `UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}
         WHERE ROW(${list('t.')}) IS DISTINCT FROM ROW(${list('excluded.')})`;
  await db.query(
    `INSERT INTO ${context.names.table(collection.name)} AS t (${['id', ...names].join(', ')})
     SELECT ${['p.id', ...names.map((name) => `p.${name}`)].join(', ')}
     FROM jsonb_to_recordset($1::jsonb) p(${recordShape(columns)}) ORDER BY p.id
     ON CONFLICT (id) DO ${update}`,
    [JSON.stringify(rows.map(({ id, values }) => ({ ...values, id })))],
  );
}
