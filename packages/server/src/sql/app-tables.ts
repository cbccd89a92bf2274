import { createHash } from 'node:crypto';
import { type Collection, type ColumnKind, HoldfastError, must, type Schema } from '@holdfast/core';
import { childrenOf, scopeFields } from './scope-sql.ts';
import type { SqlSession } from './sql-database.ts';
import { quoteName, quoteText, type SqlNames, sqlType } from './sql-names.ts';

/** One plain typed table a collection, as any other program may read and write it. */
export function appTable(collection: Collection, names: SqlNames): string {
  const columns = collection.columns.map((column) => {
    // A JSON column that is not nullable may still hold JSON's own null.
    const required = column.nullable || column.kind === 'json' ? '' : ' NOT NULL';
    return `${quoteName(column.name)} ${sqlType(column)}${required}`;
  });
  return `CREATE TABLE IF NOT EXISTS ${names.table(collection.name)} (${['id text PRIMARY KEY', ...columns].join(', ')});`;
}

/** The declared indexes, and those that inherited scopes rest on. */
export function appIndexes(schema: Schema, collection: Collection, names: SqlNames): string {
  const table = names.table(collection.name);
  const index = (columns: readonly string[], unique: boolean) => {
    const hash = createHash('sha256')
      .update([collection.name, ...columns].join('\0'))
      .digest('hex')
      .slice(0, 12);
    const name = quoteName(`hf_${unique ? 'parent' : 'index'}_${hash}`);
    const list = columns.map(quoteName).join(', ');
    return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX IF NOT EXISTS ${name} ON ${table} (${list});`;
  };
  const declared = collection.indexes.map((columns) => index(columns, false));
  // Finds the children of a parent that moves.
  const inherited = collection.inherits
    .filter(({ field }) => !collection.indexes.some((columns) => columns[0] === field))
    .map(({ field }) => index([field], false));
  // With the scope columns in a unique index, an update of one of them takes the row's strongest lock: it
  // waits for the key-share locks of children being written, and they for it. Other updates do not.
  const parent =
    childrenOf(schema, collection.name).length > 0 ? [index(['id', ...scopeFields(collection)], true)] : [];
  return [...declared, ...inherited, ...parent].join('\n');
}

const FITS: Record<ColumnKind, readonly string[]> = {
  text: ['text', 'character varying'],
  integer: ['bigint', 'integer', 'smallint'],
  real: ['double precision', 'numeric'],
  boolean: ['boolean'],
  date: ['date'],
  instant: ['text', 'character varying'],
  json: ['jsonb'],
};

/**
 * Compares the tables with the schema.
 *
 * @throws HoldfastError `DatabaseMismatch`, naming the table and the column
 */
export async function checkTables(session: SqlSession, schema: Schema, names: SqlNames, pgSchema: string) {
  const tables = [...schema.collections.keys()];
  const { rows } = await session.query(
    `SELECT c.relname::text AS name, c.relkind::text AS kind, a.attname::text AS column,
       format_type(a.atttypid, NULL) AS type,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL
         AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS single
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname = $1 AND c.relname = ANY($2::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
    [pgSchema, tables],
  );
  for (const collection of schema.collections.values()) {
    const found = new Map(rows.filter((row) => row['name'] === collection.name).map((row) => [row['column'], row]));
    const fail = (problem: string): never => {
      throw new HoldfastError('DatabaseMismatch', `table ${names.table(collection.name)}: ${problem}`);
    };
    const id = found.get('id');
    if (id === undefined) fail('the column "id" is missing');
    if (must(id, 'the id')['kind'] !== 'r') fail('is not a plain table');
    if (!FITS.text.includes(String(must(id, 'the id')['type']))) fail(`the column "id" is ${id?.['type']}, not text`);
    if (must(id, 'the id')['single'] !== true) fail('the column "id" is not unique');
    for (const column of collection.columns) {
      const type = found.get(column.name)?.['type'];
      if (type === undefined) fail(`the column ${quoteName(column.name)} is missing`);
      if (!FITS[column.kind].includes(String(type))) {
        fail(`the column ${quoteName(column.name)} is ${type}, not ${sqlType(column)}`);
      }
    }
  }
}

/** The numbers by which the sidecars know the collections; new ones get the next. */
export async function numberCollections(
  session: SqlSession,
  schema: Schema,
  names: SqlNames,
): Promise<ReadonlyMap<string, number>> {
  const wanted = [...schema.collections.keys()].map(quoteText).join(', ');
  await session.query(`INSERT INTO ${names.hf('collection')} (id, name)
    SELECT coalesce((SELECT max(id) FROM ${names.hf('collection')}), 0) + row_number() OVER (ORDER BY w.name), w.name
    FROM unnest(ARRAY[${wanted}]::text[]) w(name)
    WHERE NOT EXISTS (SELECT FROM ${names.hf('collection')} k WHERE k.name = w.name)`);
  const { rows } = await session.query(`SELECT id::int AS id, name FROM ${names.hf('collection')}`);
  return new Map(rows.map((row) => [String(row['name']), Number(row['id'])]));
}
