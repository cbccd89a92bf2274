import type { Snapshot } from '@holdfast/core';
import type { Compaction } from '../store/server-store.ts';
import type { SqlSession } from './sql-database.ts';
import type { SqlNames } from './sql-names.ts';

/**
 * Forgets what all devices seen since then have read and sent their older work upon: below every floor,
 * and below every transaction under way. Rows that somebody is writing just now are left for the next time.
 */
export async function compact(session: SqlSession, names: SqlNames, seenSinceMs: number): Promise<Compaction> {
  const { hf } = names;
  // One at a time: of two horizons the later would otherwise be overwritten.
  await session.query('SELECT pg_advisory_xact_lock(18503, hashtext($1))', [names.schema]);
  const { rows } = await session.query(
    `WITH bound AS MATERIALIZED (
       SELECT least(pg_snapshot_xmin(pg_current_snapshot()),
         (SELECT floor FROM ${hf('device')} WHERE last_seen >= to_timestamp($1::float8 / 1000) AND floor IS NOT NULL
          ORDER BY floor LIMIT 1)) AS xid
     ), left_ AS (
       DELETE FROM ${hf('feed')} f USING (
         SELECT scope, collection, id FROM ${hf('feed')}
         WHERE NOT present AND xid < (SELECT xid FROM bound) FOR UPDATE SKIP LOCKED
       ) k WHERE f.scope = k.scope AND f.collection = k.collection AND f.id = k.id
       RETURNING f.xid
     ), emptied AS (
       UPDATE ${hf('record')} r SET content = '{}', scopes = '{}', marks = '{}'
       FROM (
         SELECT collection, id FROM ${hf('record')}
         WHERE deleted IS NOT NULL AND content <> '{}'::jsonb
           AND (deleted->>2)::xid8 < (SELECT xid FROM bound) FOR UPDATE SKIP LOCKED
       ) k WHERE r.collection = k.collection AND r.id = k.id
       RETURNING (r.deleted->>2)::xid8 AS xid
     )
     SELECT (SELECT count(*)::int FROM left_) AS rows, (SELECT count(*)::int FROM emptied) AS records,
       (SELECT xid::text FROM (SELECT xid FROM left_ UNION ALL SELECT xid FROM emptied) x ORDER BY xid DESC LIMIT 1) AS last`,
    [seenSinceMs],
  );
  const [found] = rows;
  if (typeof found?.['last'] === 'string') await moveHorizon(session, names, BigInt(found['last']) + 1n);
  return {
    horizon: await readSnapshot(session, names, 'horizon'),
    rows: Number(found?.['rows']),
    records: Number(found?.['records']),
  };
}

async function moveHorizon(session: SqlSession, names: SqlNames, end: bigint): Promise<void> {
  const before = await readSnapshot(session, names, 'horizon');
  if (before !== null && BigInt(before.split(':')[0] ?? '0') >= end) return;
  await writeSnapshot(session, names, 'horizon', `${end}:${end}:` as Snapshot);
}

/** A snapshot that the store keeps under a name. */
export type KeptSnapshot = 'horizon' | 'backup' | 'durable';

export async function readSnapshot(session: SqlSession, names: SqlNames, key: KeptSnapshot): Promise<Snapshot | null> {
  const { rows } = await session.query(`SELECT value #>> '{}' AS value FROM ${names.hf('meta')} WHERE key = $1`, [key]);
  const value = rows[0]?.['value'];
  return typeof value === 'string' ? (value as Snapshot) : null;
}

export async function writeSnapshot(
  session: SqlSession,
  names: SqlNames,
  key: KeptSnapshot,
  snapshot: Snapshot,
): Promise<void> {
  await session.query(
    `INSERT INTO ${names.hf('meta')} (key, value) VALUES ($1, to_jsonb($2::text))
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [key, snapshot],
  );
}
