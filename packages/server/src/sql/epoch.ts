import { type Epoch, mintEpoch } from '@holdfast/core';
import type { SqlSession } from './sql-database.ts';
import type { SqlNames } from './sql-names.ts';

export interface EpochDeps {
  readonly clock: { now(): number };
  readonly random: { bytes(length: number): Uint8Array };
}

/**
 * The epoch of this database. A new one begins when the history was carried to another cluster or
 * database, or when the feed knows transactions that this cluster has not reached: transaction numbers
 * mean nothing there, so every row gets this transaction's (hazard A7).
 */
export async function establishEpoch(session: SqlSession, names: SqlNames, deps: EpochDeps): Promise<Epoch> {
  const { rows } = await session.query(`
    SELECT e.ordinal, e.epoch, here.cluster,
      e.cluster IS NOT DISTINCT FROM here.cluster AND NOT EXISTS (
        SELECT FROM ${names.hf('feed')} WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())
      ) AS same
    FROM (
      SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' ||
        (SELECT oid FROM pg_database WHERE datname = current_database())::text AS cluster
    ) here
    LEFT JOIN (SELECT * FROM ${names.hf('epoch')} ORDER BY ordinal DESC LIMIT 1) e ON true`);
  const [row] = rows;
  const last = typeof row?.['epoch'] === 'string' ? (row['epoch'] as Epoch) : null;
  if (last !== null && row?.['same'] === true) return last;
  const epoch = mintEpoch(deps.clock.now(), deps.random.bytes(4), last);
  const ordinal = last === null ? 1 : Number(row?.['ordinal']) + 1;
  await session.query(`INSERT INTO ${names.hf('epoch')} (ordinal, epoch, cluster) VALUES ($1, $2, $3)`, [
    ordinal,
    epoch,
    String(row?.['cluster']),
  ]);
  if (last !== null) await restamp(session, names);
  return epoch;
}

/** Every position becomes this transaction's; versions and stamps stay. */
async function restamp(session: SqlSession, names: SqlNames): Promise<void> {
  const mark = (value: string) => `jsonb_set(${value}, '{2}', to_jsonb(pg_current_xact_id()::text))`;
  await session.script(`
    UPDATE ${names.hf('feed')} SET xid = pg_current_xact_id(), entered = pg_current_xact_id();
    UPDATE ${names.hf('applied')} SET xid = pg_current_xact_id();
    UPDATE ${names.hf('record')} SET created = ${mark('created')}, deleted = ${mark('deleted')},
      marks = coalesce((SELECT jsonb_object_agg(m.key, ${mark('m.value')}) FROM jsonb_each(marks) m), '{}')
    WHERE count > 0;`);
}
