import type { Json, Position, Scope, Snapshot } from '@holdfast/core';
import type { FeedRead, FeedRequest, FeedRow } from '../store/server-store.ts';
import type { SqlContext } from './load-records.ts';
import { type Epochs, latestStamp, positionOf, type StoredMark, versionFrom } from './mark-codec.ts';
import type { SqlDatabase } from './sql-database.ts';
import { rowAsJson } from './sql-names.ts';
import { type AppliedJson, appliedAsJson, receiptFrom } from './stored-applied.ts';

interface FeedJson {
  readonly scope: string;
  readonly collection: string;
  readonly id: string;
  readonly present: boolean;
  readonly entered: string;
  readonly count: number;
  readonly epoch: number;
  readonly created: StoredMark;
  readonly deleted: StoredMark | null;
  readonly marks: Readonly<Record<string, StoredMark>>;
  readonly values: Readonly<Record<string, Json>> | null;
}

/**
 * Reads by PgQ's rule, in one statement and so at one snapshot. What a cursor does not hold are the
 * transactions from its xmax on and those it lists as running: two branches, each by an index. A scope
 * that was not held before is walked by key, which ends at the limit without reading the rest.
 */
export async function readFeed(db: SqlDatabase, context: SqlContext, request: FeedRequest): Promise<FeedRead> {
  const before = new Set<Scope>(request.since?.scopes ?? []);
  const unseen = request.since === null ? null : unseenBy(request.since.snapshot);
  const [place, scope, id] = request.after ?? [-1, '', ''];
  const { rows } = await db.query(statement(context), [
    request.collections,
    unseen === null ? [] : request.scopes.filter((each) => before.has(each)),
    unseen === null ? request.scopes : request.scopes.filter((each) => !before.has(each)),
    unseen?.from ?? '0',
    unseen?.running ?? [],
    place,
    scope,
    id,
    request.limit + 1,
    request.device,
    request.maxBytes ?? 1_000_000_000,
  ]);
  const answer = rows[0] as unknown as {
    snapshot: string;
    rows: FeedJson[] | null;
    found: number;
    receipts: AppliedJson[] | null;
    epochs: Epochs;
  };
  const found = answer.rows ?? [];
  return {
    snapshot: answer.snapshot as Snapshot,
    rows: found.slice(0, request.limit).map((row) => rowFrom(row, context, answer.epochs)),
    more: answer.found > Math.min(found.length, request.limit),
    receipts: (answer.receipts ?? []).map(receiptFrom),
  };
}

/** Parsed here, so that a cursor that is not well formed reads nothing instead of failing. */
function unseenBy(snapshot: Snapshot): { from: string; running: string[] } {
  const [, from = '0', running = ''] = snapshot.split(':');
  const below = running.split(',').filter((xid) => xid !== '' && BigInt(xid) < BigInt(from));
  return { from, running: [...new Set(below)] };
}

function rowFrom(row: FeedJson, context: SqlContext, epochs: Epochs): FeedRow {
  const columns = context.schema.collections.get(row.collection)?.column;
  const marks = Object.entries(row.marks).filter(([field]) => columns?.has(field));
  const all = [row.created, ...(row.deleted === null ? [] : [row.deleted]), ...marks.map(([, mark]) => mark)];
  return {
    scope: row.scope as Scope,
    collection: row.collection,
    id: row.id,
    present: row.present,
    entered: row.entered as Position,
    version: versionFrom(row.count, row.epoch, epochs),
    values: row.present ? row.values : null,
    changedIn: Object.fromEntries(row.present ? marks.map(([field, mark]) => [field, positionOf(mark)]) : []),
    createdIn: positionOf(row.created),
    stamp: latestStamp(all),
  };
}

/**
 * $1 collections in order, $2 scopes held, $3 scopes not held, $4 xmax and $5 running of the cursor,
 * $6 to $8 the row to start after, $9 how many, $10 the device, $11 how many bytes.
 */
function statement(context: SqlContext): string {
  const { hf, table } = context.names;
  const after = '(p.place, s.name, f.id) > ($6::int, $7::text COLLATE "C", $8::text COLLATE "C")';
  const unseen = (row: string) => [`${row}.xid >= $4::text::xid8`, `${row}.xid = ANY($5::text[]::xid8[])`];
  // OFFSET 0 keeps each look-up by its index, also while the planner has no statistics.
  const changes = unseen('f').map(
    (condition) => `SELECT p.place, s.name, f.scope, f.collection, f.id, f.present, f.entered
      FROM held s CROSS JOIN LATERAL (
        SELECT * FROM ${hf('feed')} f WHERE f.scope = s.id AND ${condition} OFFSET 0
      ) f JOIN places p ON p.id = f.collection WHERE ${after}`,
  );
  const values = [...context.schema.collections.values()].map(
    (each) => `WHEN ${context.numbers.get(each.name)} THEN (SELECT ${rowAsJson(each, 't', 'to_json')}
        FROM ${table(each.name)} t WHERE t.id = (h.id COLLATE "default"))`,
  );
  return `WITH places AS MATERIALIZED (
      SELECT k.id, k.name, w.at::int - 1 AS place
      FROM unnest($1::text[]) WITH ORDINALITY w(name, at) JOIN ${hf('collection')} k ON k.name = w.name
    ), held AS MATERIALIZED (
      SELECT k.id, k.name FROM ${hf('scope')} k WHERE k.name = ANY($2::text[])
    ), walks AS (
      SELECT p.place, s.name, s.id AS scope, p.id AS collection
      FROM places p CROSS JOIN ${hf('scope')} s
      WHERE s.name = ANY($3::text[]) AND (p.place, s.name) >= ($6::int, $7::text COLLATE "C")
      ORDER BY p.place, s.name OFFSET 0
    ), hits AS MATERIALIZED (
      SELECT * FROM (
        ${changes.map((each) => `(${each})`).join('\n        UNION ALL ')}
        UNION ALL (
          SELECT w.place, w.name, w.scope, w.collection, f.id, true, f.entered
          FROM walks w CROSS JOIN LATERAL (
            SELECT f.id, f.entered FROM ${hf('feed')} f
            WHERE f.scope = w.scope AND f.collection = w.collection AND f.present
              AND f.id > CASE WHEN w.place = $6 AND w.name = $7 THEN $8 ELSE '' END COLLATE "C"
            ORDER BY f.id LIMIT $9
          ) f
          ORDER BY w.place, w.name, f.id LIMIT $9
        )
      ) h ORDER BY place, name, id LIMIT $9
    ), sized AS (
      -- Text, so that its length is that of what would be sent; cut here, because neither a server's one
      -- value nor a string of ours takes a page of rows that are each as large as they may be.
      SELECT x.*, coalesce(sum(octet_length(x.values::text)) OVER (
        ORDER BY x.place, x.name, x.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
      FROM (SELECT h.*, CASE WHEN h.present THEN CASE h.collection ${values.join('\n          ')} END END AS values FROM hits h) x
    )
    SELECT pg_current_snapshot()::text AS snapshot,
      (SELECT json_object_agg(ordinal, epoch) FROM ${hf('epoch')}) AS epochs,
      (SELECT json_agg(json_build_object('scope', h.name, 'collection', (SELECT name FROM places p WHERE p.id = h.collection),
          'id', h.id, 'present', h.present, 'entered', h.entered::text, 'count', r.count, 'epoch', r.epoch,
          'created', r.created, 'deleted', r.deleted, 'marks', r.marks,
          'values', h.values)
          ORDER BY h.place, h.name, h.id)
        FROM sized h CROSS JOIN LATERAL (
          SELECT * FROM ${hf('record')} r WHERE r.collection = h.collection AND r.id = h.id OFFSET 0
        ) r WHERE h.before < $11) AS rows,
      (SELECT count(*)::int FROM hits) AS found,
      (SELECT json_agg(${appliedAsJson('a')} ORDER BY a.xid, a.id) FROM ${hf('applied')} a
        WHERE a.device = $10::text::uuid AND NOT a.acknowledged AND (${unseen('a').join(' OR ')})) AS receipts`;
}
