import type { Effects } from '../store/server-store.ts';
import type { SqlSession } from './sql-database.ts';
import type { SqlNames } from './sql-names.ts';

/** Writes what the effects add to audit and bay, and closes in the bay what they resolve: a statement each. */
export async function keepLedger(session: SqlSession, names: SqlNames, effects: Effects): Promise<void> {
  await keepAudit(session, names, effects);
  await keepBay(session, names, effects);
  await closeResolved(session, names, effects);
}

const AT = 'to_timestamp($2::float8 / 1000)';

async function keepAudit(session: SqlSession, { hf }: SqlNames, { audit, at }: Effects): Promise<void> {
  if (audit.length === 0) return;
  const rows = audit.map(({ user, mine, theirs, rawStamp, ...entry }) => ({
    ...entry,
    user_id: user,
    mine: JSON.stringify(mine),
    theirs: JSON.stringify(theirs),
    raw_stamp: rawStamp,
  }));
  const columns = ['event', 'user_id', 'device', 'transaction', 'mutation', 'collection', 'record', 'rule', 'other'];
  const more = ['mine', 'theirs', 'stamp', 'raw_stamp', 'target'];
  const list = [...columns, ...more];
  await session.query(
    `INSERT INTO ${hf('audit')} (at, xid, ${list.join(', ')})
     SELECT ${AT}, pg_current_xact_id(), ${list.map((column) => `p.${column}`).join(', ')}
     FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (event text, user_id text, device uuid, transaction uuid,
       mutation uuid, collection text, record text, rule text, other text, mine text, theirs text, stamp text,
       raw_stamp text, target uuid)) WITH ORDINALITY p(${list.join(', ')}, place) ORDER BY p.place`,
    [JSON.stringify(rows), at],
  );
}

async function keepBay(session: SqlSession, { hf }: SqlNames, { bay, at }: Effects): Promise<void> {
  if (bay.length === 0) return;
  const rows = bay.map(({ user, mutations, sides, ...entry }) => ({
    ...entry,
    user_id: user,
    ids: mutations.map(({ id }) => id),
    mutations: JSON.stringify(mutations),
    sides: JSON.stringify(sides),
  }));
  const list = [
    'id',
    'transaction',
    'user_id',
    'role',
    'device',
    'outcome',
    'reason',
    'detail',
    'ids',
    'mutations',
    'sides',
  ];
  await session.query(
    `INSERT INTO ${hf('bay')} (at, ${list.join(', ')})
     SELECT ${AT}, ${list.map((column) => `p.${column}`).join(', ')}
     FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (id uuid, transaction uuid, user_id text, role text,
       device uuid, outcome text, reason text, detail text, ids uuid[], mutations text, sides text))
       WITH ORDINALITY p(${list.join(', ')}, place) ORDER BY p.place
     ON CONFLICT (id) DO NOTHING`,
    [JSON.stringify(rows), at],
  );
}

/** SV9: resolved by its author; what others say of it closes nothing. */
async function closeResolved(session: SqlSession, { hf }: SqlNames, { applied, at }: Effects): Promise<void> {
  const heirs = applied
    .filter(({ resolves, receipt }) => resolves.length > 0 && /^(applied|merged)$/.test(receipt.outcome))
    .map(({ id, user, resolves }) => ({ id, user_id: user, resolves }));
  if (heirs.length === 0) return;
  await session.query(
    `UPDATE ${hf('bay')} b SET resolved_by = p.id, resolved_at = ${AT}
     FROM jsonb_to_recordset($1::jsonb) p(id uuid, user_id text, resolves uuid[])
     WHERE b.ids && p.resolves AND b.user_id = p.user_id AND b.resolved_by IS NULL`,
    [JSON.stringify(heirs), at],
  );
}
