import { createHash } from 'node:crypto';
import type { Epoch, Schema } from '@holdfast/core';
import { appIndexes, appTable, checkTables, numberCollections } from './app-tables.ts';
import { carryOver } from './carry-over.ts';
import { type EpochDeps, establishEpoch } from './epoch.ts';
import { ledgerTables } from './ledger-tables.ts';
import { placeFunction } from './place-function.ts';
import { sharedFunctions } from './shared-functions.ts';
import { sidecarTables } from './sidecar-tables.ts';
import type { SqlDatabase, SqlSession } from './sql-database.ts';
import { quoteText, type SqlNames } from './sql-names.ts';
import { TRIGGERS_A_TABLE, watchFunction, watchTriggers } from './watch-function.ts';

/** The form of the sidecar tables. Raise it together with the steps that lead there. */
const FORMAT = 2;

export interface Installed {
  readonly epoch: Epoch;
  /** The numbers by which the sidecars know the collections. */
  readonly numbers: ReadonlyMap<string, number>;
}

/**
 * Makes the tables, functions and triggers of a schema, or finds them made. Safe to run by several
 * processes at once: one works, the others wait. What is there already is not changed, except that a
 * table that other programs filled is taken into the feed.
 *
 * @throws HoldfastError `DatabaseMismatch`
 */
export async function install(
  db: SqlDatabase,
  schema: Schema,
  names: SqlNames,
  pgSchema: string,
  deps: EpochDeps,
): Promise<Installed> {
  return db.transaction(async (session) => {
    await session.script("SET LOCAL lock_timeout = 0; SET LOCAL client_min_messages = 'warning'");
    await session.query('SELECT pg_advisory_xact_lock(18502, hashtext($1))', [pgSchema]);
    // Asked for first: even with IF NOT EXISTS, making one takes a right that a plain role may lack.
    const there = await session.query('SELECT FROM pg_namespace WHERE nspname = $1', [pgSchema]);
    if (there.rows.length === 0) await session.script(`CREATE SCHEMA ${names.schema}`);
    await session.script(sidecarTables(names) + ledgerTables(names));
    await upgradeSidecars(session, names);
    await carryOver(session, schema, names);
    const numbers = await numberCollections(session, schema, names);
    const collections = [...schema.collections.values()];
    await session.script(collections.map((each) => appTable(each, names)).join('\n'));
    await checkTables(session, schema, names, pgSchema);
    await session.query(`INSERT INTO ${names.hf('role')} (name) VALUES (session_user) ON CONFLICT DO NOTHING`);
    const epoch = await establishEpoch(session, names, deps);
    const parts = [
      ...collections.map((each) => appIndexes(schema, each, names)),
      sharedFunctions(names),
      ...collections.map((each) => placeFunction(schema, each, numbers, names)),
      ...collections.map((each) => watchFunction(schema, each, numbers, names)),
      ...collections.map((each) => watchTriggers(each, names)),
    ];
    await watch(session, schema, names, pgSchema, parts.join('\n'));
    return { epoch, numbers };
  });
}

/** What tables of an earlier form lack. Asked for first: to alter a table waits for everybody who uses it. */
async function upgradeSidecars(session: SqlSession, names: SqlNames): Promise<void> {
  await addColumn(session, names.hf('applied'), 'touched', 'jsonb');
  // Entries from before it was kept are nobody's news.
  await addColumn(session, names.hf('audit'), 'xid', 'xid8');
  for (const column of ['device', 'transaction', 'mutation']) await mayBeNull(session, names.hf('audit'), column);
  await session.script(`CREATE INDEX IF NOT EXISTS hf_audit_overrode ON ${names.hf('audit')} (other, xid)
    WHERE event = 'overrode'`);
}

async function mayBeNull(session: SqlSession, table: string, column: string): Promise<void> {
  const { rows } = await session.query(
    'SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2 AND attnotnull',
    [table, column],
  );
  if (rows.length > 0) await session.script(`ALTER TABLE ${table} ALTER COLUMN ${column} DROP NOT NULL`);
}

async function addColumn(session: SqlSession, table: string, column: string, type: string): Promise<void> {
  const { rows } = await session.query(
    'SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2 AND NOT attisdropped',
    [table, column],
  );
  if (rows.length === 0) await session.script(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
}

/** Triggers and functions, unless just these are there: making them anew would wait for every writer. */
async function watch(session: SqlSession, schema: Schema, names: SqlNames, pgSchema: string, script: string) {
  const hash = createHash('sha256').update(script).digest('hex');
  const meta = names.hf('meta');
  const tables = [...schema.collections.keys()];
  const { rows } = await session.query(
    `SELECT (SELECT value->>'hash' FROM ${meta} WHERE key = 'installed') AS hash,
       (SELECT count(*)::int FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = ANY($2::text[]) AND g.tgname LIKE 'hf\\_%' AND g.tgenabled = 'A') AS triggers`,
    [pgSchema, tables],
  );
  const whole = rows[0]?.['hash'] === hash && rows[0]?.['triggers'] === tables.length * TRIGGERS_A_TABLE;
  if (whole) return;
  await session.script(script);
  for (const table of tables) await takeIn(session, table, names);
  for (const table of tables) await placeAnew(session, table, names);
  const value = quoteText(JSON.stringify({ hash, format: FORMAT, schema: schema.version }));
  await session.query(`INSERT INTO ${meta} (key, value) VALUES ('installed', ${value}::jsonb)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`);
}

/** Rows that no trigger has seen: an update that changes nothing makes them known. */
async function takeIn(session: SqlSession, table: string, names: SqlNames): Promise<void> {
  await session.query(
    `UPDATE ${names.table(table)} t SET id = id WHERE NOT EXISTS (
       SELECT FROM ${names.hf('record')} r JOIN ${names.hf('collection')} k ON k.id = r.collection
       WHERE k.name = $1 AND r.id = t.id AND r.count > 0 AND r.deleted IS NULL)`,
    [table],
  );
}

/** The schema may give scopes by other rules now: who may see a record follows them, not what it was stored under. */
async function placeAnew(session: SqlSession, table: string, names: SqlNames): Promise<void> {
  const living = `FROM ${names.hf('record')} r JOIN ${names.hf('collection')} k ON k.id = r.collection
    WHERE k.name = $1 AND r.count > 0 AND r.deleted IS NULL`;
  await session.query(`SELECT ${living} ORDER BY r.id FOR UPDATE OF r`, [table]);
  await session.query(`SELECT ${names.hf(`place_${table}`)}((SELECT array_agg(r.id) ${living}), false)`, [table]);
}
