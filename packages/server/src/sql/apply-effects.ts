import { err, invariant, must, ok, type Result, versionCount, versionEpoch } from '@holdfast/core';
import type { AppliedRow, ApplyProblem, Effects, RecordBatch } from '../store/server-store.ts';
import { changeContext, rowToWrite } from './change-context.ts';
import { keepLedger } from './keep-ledger.ts';
import type { SqlContext } from './load-records.ts';
import { mayRepeat } from './repeat.ts';
import { type SqlParameter, type SqlSession, sqlState } from './sql-database.ts';
import { quoteName, recordShape } from './sql-names.ts';
import { receiptColumns } from './stored-applied.ts';

/** Classes of SQL errors that say the data does not fit; all others are nobody's answer. */
const REFUSALS = new Set(['22', '23', '27', '38', '39', '44', '54', 'P0']);

/** Writes all of the effects, or none and why: one statement a batch, one for the outcomes. */
export async function applyEffects(
  session: SqlSession,
  context: SqlContext,
  effects: Effects,
): Promise<Result<null, ApplyProblem>> {
  await session.script('SAVEPOINT hf_apply');
  const problem = await writeAll(session, context, effects);
  // A rollback to the savepoint would bring back a context that was cleared after it.
  const undo = problem === null ? '' : 'ROLLBACK TO SAVEPOINT hf_apply; ';
  await session.script(`${undo}RELEASE SAVEPOINT hf_apply; SET LOCAL hf.ctx = ''`);
  return problem === null ? ok(null) : err(problem);
}

async function writeAll(session: SqlSession, context: SqlContext, effects: Effects): Promise<ApplyProblem | null> {
  let what = '';
  try {
    for (const batch of effects.batches) {
      what = batch.collection;
      const written = await writeBatch(session, context, batch, effects);
      if (written !== batch.rows.length) {
        return { detail: `${what}: ${written} of ${batch.rows.length} records could be written` };
      }
    }
    what = 'outcomes';
    const kept = await keepOutcomes(session, context, effects.applied);
    if (kept !== effects.applied.length) return { detail: 'an id has an outcome' };
    await keepLedger(session, context.names, effects);
    return null;
  } catch (error) {
    const state = sqlState(error);
    if (state === null || mayRepeat(error) || !REFUSALS.has(state.slice(0, 2))) throw error;
    // Not the database's own words: they can name rows and tables that the writer may not know of (hazard H5).
    return { detail: `${what}: the database refuses it (SQL state ${state})` };
  }
}

async function writeBatch(
  session: SqlSession,
  context: SqlContext,
  batch: RecordBatch,
  effects: Effects,
): Promise<number> {
  if (batch.rows.length === 0) return 0;
  const number = must(context.numbers.get(batch.collection), `the number of ${batch.collection}`);
  const { text, parameter } = statementFor(context, batch);
  const told = JSON.stringify(changeContext(batch, effects));
  // The transaction's number makes the context worthless in any other.
  const { affected } = await session.query(
    `WITH hf_c AS MATERIALIZED (
       SELECT set_config('hf.ctx', pg_current_xact_id()::text || ' ${number} ' || $1, true)
     ) ${text}`,
    [told, parameter],
  );
  return affected;
}

function statementFor(context: SqlContext, batch: RecordBatch): { text: string; parameter: SqlParameter } {
  const collection = must(context.schema.collections.get(batch.collection), `the collection ${batch.collection}`);
  const table = context.names.table(collection.name);
  if (batch.kind === 'delete') {
    return {
      text: `DELETE FROM ${table} t USING hf_c, unnest($2::text[]) p(id) WHERE t.id = p.id`,
      parameter: batch.rows.map((row) => row.id),
    };
  }
  const rows = batch.rows.map(rowToWrite);
  const parameter = JSON.stringify(rows);
  if (batch.kind === 'insert') {
    const names = ['id', ...collection.columns.map(({ name }) => name)].map(quoteName);
    return {
      text: `INSERT INTO ${table} (${names.join(', ')})
        SELECT ${names.map((name) => `p.${name}`).join(', ')}
        FROM hf_c, jsonb_to_recordset($2::jsonb) p(${recordShape(collection.columns)}) ORDER BY p.id`,
      parameter,
    };
  }
  // Only columns that some row changes; those that not every row changes keep what they have elsewhere.
  const columns = collection.columns.filter(({ name }) => rows.some((row) => Object.hasOwn(row, name)));
  invariant(columns.length > 0, `an update of ${collection.name} without fields`);
  const sets = columns.map((column) => {
    const name = quoteName(column.name);
    if (rows.every((row) => Object.hasOwn(row, column.name))) return `${name} = p.${name}`;
    return `${name} = CASE WHEN e.row ? '${column.name}' THEN p.${name} ELSE t.${name} END`;
  });
  return {
    text: `UPDATE ${table} t SET ${sets.join(', ')}
      FROM hf_c, jsonb_array_elements($2::jsonb) e(row), LATERAL jsonb_to_record(e.row) p(${recordShape(columns)})
      WHERE t.id = p.id`,
    parameter,
  };
}

async function keepOutcomes(session: SqlSession, { names }: SqlContext, rows: readonly AppliedRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const json = rows.map((row) => ({
    id: row.id,
    transaction: row.transaction,
    device: row.device,
    user_id: row.user,
    fingerprint: row.fingerprint,
    collection: row.collection,
    record: row.record,
    count: row.version === null ? null : versionCount(row.version),
    epoch: row.version === null ? null : versionEpoch(row.version),
    touched: row.touched.length === 0 ? null : row.touched,
    resolves: row.resolves.length === 0 ? null : row.resolves,
    ...receiptColumns(row.receipt),
  }));
  const columns = ['transaction', 'device', 'user_id', 'fingerprint', 'collection', 'record', 'count', 'touched'];
  const more = ['resolves', 'outcome', 'reason', 'body'];
  const list = [...columns, ...more];
  // What somebody said of an id that is not his gives way to the mutation itself.
  const { affected } = await session.query(
    `INSERT INTO ${names.hf('applied')} AS a (id, ${list.join(', ')}, epoch, xid)
     SELECT p.id, ${list.map((column) => `p.${column}`).join(', ')}, e.ordinal, pg_current_xact_id()
     FROM jsonb_to_recordset($1::jsonb) p(id uuid, transaction uuid, device uuid, user_id text, fingerprint text,
       collection text, record text, count bigint, epoch text, touched jsonb, resolves uuid[], outcome text,
       reason text, body jsonb)
     LEFT JOIN ${names.hf('epoch')} e ON e.epoch = p.epoch
     ON CONFLICT (id) DO UPDATE SET ${[...list, 'epoch', 'xid'].map((column) => `${column} = excluded.${column}`).join(', ')},
       acknowledged = false
     WHERE a.outcome = 'discarded' AND a.user_id <> excluded.user_id`,
    [JSON.stringify(json)],
  );
  return affected;
}
