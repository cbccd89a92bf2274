import type { MutationId, OverriddenLater } from '@holdfast/core';
import type { AuditPage, AuditRequest, OverriddenRequest, StoredAuditEntry } from '../store/audit.ts';
import type { BayPage, BayRequest, StoredBayEntry } from '../store/bay.ts';
import type { SqlDatabase, SqlParameter } from './sql-database.ts';
import type { SqlNames } from './sql-names.ts';

type Row = Readonly<Record<string, unknown>>;

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::bigint`;

const auditColumns = `number, ${ms('at')} AS at, event, user_id, device::text AS device,
  transaction::text AS transaction, mutation::text AS mutation, collection, record, rule, other, mine, theirs,
  stamp, raw_stamp, target::text AS target`;
const bayColumns = `number, id::text AS id, ${ms('at')} AS at, transaction::text AS transaction, user_id, role,
  device::text AS device, outcome, reason, detail, mutations, sides, resolved_by::text AS resolved_by,
  ${ms('resolved_at')} AS resolved_at`;

const FROM_THE_END = Number.MAX_SAFE_INTEGER;

/** The audit of a record or a user, by an index each. */
export async function readAudit(db: SqlDatabase, { hf }: SqlNames, request: AuditRequest): Promise<AuditPage> {
  const { of, before, limit } = request;
  const part = (where: string) =>
    `(SELECT * FROM ${hf('audit')} WHERE ${where} AND number < $1 ORDER BY number DESC LIMIT $2)`;
  const bounds = [before ?? FROM_THE_END, limit + 1];
  const [parts, keys]: [string[], SqlParameter[]] =
    'user' in of
      ? [[part('user_id = $3'), part('other = $3 AND user_id <> $3')], [of.user]]
      : [[part('collection = $3 AND record = $4')], [of.record.collection, of.record.id]];
  const { rows } = await db.query(
    `SELECT ${auditColumns} FROM (${parts.join(' UNION ALL ')}) a ORDER BY number DESC LIMIT $2`,
    [...bounds, ...keys],
  );
  return pageOf(rows.map(auditFrom), limit);
}

/** By the index of what was overridden: most users have nothing there. */
export async function readOverridden(
  db: SqlDatabase,
  { hf }: SqlNames,
  { user, after, upTo, scopes, collections, limit }: OverriddenRequest,
): Promise<readonly OverriddenLater[]> {
  const { rows } = await db.query(
    `SELECT * FROM (
       SELECT a.number, a.collection, a.record, a.theirs AS mine, a.mine AS kept, a.rule, a.user_id AS by
       FROM ${hf('audit')} a
       JOIN ${hf('collection')} k ON k.name = a.collection
       JOIN ${hf('record')} r ON r.collection = k.id AND r.id = a.record AND r.count > 0
       WHERE a.event = 'overrode' AND a.other = $1 AND a.user_id <> $1 AND a.collection = ANY($5::text[])
         AND a.xid >= pg_snapshot_xmin($2::text::pg_snapshot)
         AND NOT pg_visible_in_snapshot(a.xid, $2::text::pg_snapshot)
         AND pg_visible_in_snapshot(a.xid, $3::text::pg_snapshot)
         AND r.scopes && ARRAY(SELECT s.id FROM ${hf('scope')} s WHERE s.name = ANY($4::text[]))
       ORDER BY a.number DESC LIMIT $6
     ) x ORDER BY number`,
    [user, after, upTo, scopes, collections, limit],
  );
  return rows.map(({ number: _, mine, kept, ...row }) => {
    return { ...row, mine: JSON.parse(String(mine)), kept: JSON.parse(String(kept)) } as OverriddenLater;
  });
}

export async function readBay(db: SqlDatabase, { hf }: SqlNames, request: BayRequest): Promise<BayPage> {
  const { user, open, before, limit } = request;
  const { rows } = await db.query(
    `SELECT ${bayColumns} FROM ${hf('bay')}
     WHERE number < $1${open ? ' AND resolved_by IS NULL' : ''}${user === null ? '' : ' AND user_id = $3'}
     ORDER BY number DESC LIMIT $2`,
    [before ?? FROM_THE_END, limit + 1, ...(user === null ? [] : [user])],
  );
  return pageOf(rows.map(bayFrom), limit);
}

export async function findInBay(
  db: SqlDatabase,
  { hf }: SqlNames,
  mutation: MutationId,
): Promise<StoredBayEntry | null> {
  const { rows } = await db.query(
    `SELECT ${bayColumns} FROM ${hf('bay')} WHERE ids @> ARRAY[$1::text::uuid] ORDER BY number DESC LIMIT 1`,
    [mutation],
  );
  return rows[0] === undefined ? null : bayFrom(rows[0]);
}

// Validated when they were written: these tables are ours alone.
function auditFrom({ user_id, raw_stamp, mine, theirs, ...row }: Row): StoredAuditEntry {
  const values = { mine: JSON.parse(String(mine)) as unknown, theirs: JSON.parse(String(theirs)) as unknown };
  return { ...row, ...values, user: user_id, rawStamp: raw_stamp } as StoredAuditEntry;
}

function bayFrom({ user_id, mutations, sides, resolved_by, resolved_at, ...row }: Row): StoredBayEntry {
  const content = { mutations: JSON.parse(String(mutations)) as unknown, sides: JSON.parse(String(sides)) as unknown };
  return { ...row, ...content, user: user_id, resolvedBy: resolved_by, resolvedAt: resolved_at } as StoredBayEntry;
}

function pageOf<T extends { readonly number: number }>(found: readonly T[], limit: number) {
  const entries = found.slice(0, limit);
  return { entries, next: found.length > limit ? (entries.at(-1)?.number ?? null) : null };
}
