import { type Epoch, mintEpoch } from '@holdfast/core';
import type { SqlSession } from './sql-database.ts';
import type { SqlNames } from './sql-names.ts';

export interface EpochDeps {
  readonly clock: { now(): number };
  readonly random: { bytes(length: number): Uint8Array };
}

/**
 * The epoch of this database. A new one begins when the history was carried to another cluster or
 * database, or when it knows transactions that this cluster has not reached: transaction numbers mean
 * nothing there (hazard A7).
 */
export async function establishEpoch(session: SqlSession, names: SqlNames, deps: EpochDeps): Promise<Epoch> {
  const ahead = (table: string) =>
    `NOT EXISTS (SELECT FROM ${names.hf(table)} WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()))`;
  const { rows } = await session.query(`
    SELECT e.epoch, e.cluster IS NOT DISTINCT FROM ${CLUSTER} AND ${ahead('feed')} AND ${ahead('applied')} AS same
    FROM ${names.hf('epoch')} e ORDER BY e.ordinal DESC LIMIT 1`);
  const last = rows[0]?.['epoch'];
  if (typeof last === 'string' && rows[0]?.['same'] === true) return last as Epoch;
  return beginEpoch(session, names, deps);
}

const CLUSTER = `(SELECT system_identifier FROM pg_control_system())::text || '/' ||
  (SELECT oid FROM pg_database WHERE datname = current_database())::text`;

/**
 * Begins a new epoch: every position becomes this transaction's, and what was said of older ones is
 * forgotten. Versions and stamps stay. Waits for the writers, who hold these tables in the same order.
 */
export async function beginEpoch(session: SqlSession, names: SqlNames, deps: EpochDeps): Promise<Epoch> {
  await session.script(`LOCK TABLE ${names.hf('device')} IN SHARE ROW EXCLUSIVE MODE;
    LOCK TABLE ${names.hf('epoch')} IN ACCESS EXCLUSIVE MODE`);
  const { rows } = await session.query(`SELECT ordinal, epoch FROM ${names.hf('epoch')} ORDER BY ordinal DESC LIMIT 1`);
  const [row] = rows;
  const last = typeof row?.['epoch'] === 'string' ? (row['epoch'] as Epoch) : null;
  const epoch = mintEpoch(deps.clock.now(), deps.random.bytes(4), last);
  await session.query(`INSERT INTO ${names.hf('epoch')} (ordinal, epoch, cluster) SELECT $1, $2, ${CLUSTER}`, [
    last === null ? 1 : Number(row?.['ordinal']) + 1,
    epoch,
  ]);
  if (last !== null) await restamp(session, names);
  return epoch;
}

async function restamp(session: SqlSession, names: SqlNames): Promise<void> {
  const mark = (value: string) => `jsonb_set(${value}, '{2}', to_jsonb(pg_current_xact_id()::text))`;
  await session.script(`
    UPDATE ${names.hf('feed')} SET xid = pg_current_xact_id(), entered = pg_current_xact_id();
    UPDATE ${names.hf('applied')} SET xid = pg_current_xact_id();
    UPDATE ${names.hf('audit')} SET xid = NULL WHERE xid IS NOT NULL;
    UPDATE ${names.hf('record')} SET created = ${mark('created')}, deleted = ${mark('deleted')},
      marks = coalesce((SELECT jsonb_object_agg(m.key, ${mark('m.value')}) FROM jsonb_each(marks) m), '{}')
    WHERE count > 0;
    UPDATE ${names.hf('device')} SET floor = pg_current_xact_id();
    DELETE FROM ${names.hf('meta')} WHERE key IN ('horizon', 'backup', 'durable');`);
}
