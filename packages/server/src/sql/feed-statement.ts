import type { SqlContext } from './load-records.ts';
import { rowAsJson } from './sql-names.ts';
import { appliedAsJson } from './stored-applied.ts';

/**
 * One statement for all that an exchange reads. $1 collections in order, $2 scopes held, $3 scopes not
 * held, $4 xmax and $5 running of the cursor, $6 to $8 the row to start after, $9 how many, $10 the device,
 * $11 how many bytes, $12 and $13 the receipt to start after (null: none are wanted), $14 how many of them,
 * $15 the stamp before which a record is aged; with `fetch`, $16 and $17 the addresses of records, and $18 the
 * scopes they may be in. What nobody asked for is not planned either: that takes longer than to run it.
 */
export function feedStatement(context: SqlContext, asked: { fetch: boolean; checksums: boolean }): string {
  const { hf, table } = context.names;
  const after = '(p.place, s.name, f.id) > ($6::int, $7::text COLLATE "C", $8::text COLLATE "C")';
  const unseen = (xid: string) => [`${xid} >= $4::text::xid8`, `${xid} = ANY($5::text[]::xid8[])`];
  // OFFSET 0 keeps each look-up by its index, also while the planner has no statistics.
  const changes = unseen('f.xid').map(
    (condition) => `SELECT p.place, s.name, f.scope, f.collection, f.id, f.present, f.entered,
        f.present AND (${unseen('f.entered').join(' OR ')}) AS whole
      FROM held s CROSS JOIN LATERAL (
        SELECT * FROM ${hf('feed')} f WHERE f.scope = s.id AND ${condition} OFFSET 0
      ) f JOIN places p ON p.id = f.collection WHERE ${after}`,
  );
  const valuesOf = (collection: string, id: string) =>
    [...context.schema.collections.values()]
      .map(
        (each) => `WHEN ${context.numbers.get(each.name)} THEN (SELECT ${rowAsJson(each, 't', 'to_json')}
        FROM ${table(each.name)} t WHERE t.id = (${id} COLLATE "default"))`,
      )
      .reduce((all, each) => `${all} ${each}`, `CASE ${collection}`)
      .concat(' END');
  // Text, so that its length is that of what would be sent; cut here, because neither a server's one
  // value nor a string of ours takes a page of rows that are each as large as they may be. OFFSET 0 keeps each
  // value from being made twice, to be measured and to be sent.
  const sizeBefore = (text: string, order: string) => `coalesce(sum(octet_length(${text})) OVER (
        ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)`;
  const fetched = `    ), fetched AS (
      SELECT x.*, ${sizeBefore('x.values::text', 'x.at')} AS before
      FROM (
        SELECT w.at, w.collection, w.id, r.count, r.epoch, CASE WHEN r.id IS NOT NULL THEN ${valuesOf('k.id', 'w.id')} END AS values
        FROM unnest($16::text[], $17::text[]) WITH ORDINALITY w(collection, id, at)
        LEFT JOIN ${hf('collection')} k ON k.name = w.collection
        LEFT JOIN LATERAL (
          SELECT * FROM ${hf('record')} r WHERE r.collection = k.id AND r.id = w.id COLLATE "C"
            AND r.count > 0 AND r.deleted IS NULL
            AND r.scopes && ARRAY(SELECT s.id FROM ${hf('scope')} s WHERE s.name = ANY($18::text[])) OFFSET 0
        ) r ON true OFFSET 0
      ) x
`;
  const checksums = `CASE WHEN (SELECT count(*) FROM hits) < $9 THEN (
        SELECT json_agg(json_build_object('scope', c.name, 'checksum', c.checksum)) FROM (
          SELECT s.name, lpad(to_hex(bit_xor(('x' || encode(substr(
            sha256(convert_to(p.name || '/' || r.id || '@' || r.count || '@' || e.epoch, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint)), 16, '0') AS checksum
          FROM ${hf('scope')} s CROSS JOIN places p
          JOIN ${hf('feed')} f ON f.scope = s.id AND f.collection = p.id AND f.present
          JOIN ${hf('record')} r ON r.collection = f.collection AND r.id = f.id
          JOIN ${hf('epoch')} e ON e.ordinal = r.epoch
          WHERE s.name = ANY($2::text[]) OR s.name = ANY($3::text[])
          GROUP BY s.name
        ) c
      ) END`;
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
          SELECT w.place, w.name, w.scope, w.collection, f.id, true, f.entered, true
          FROM walks w CROSS JOIN LATERAL (
            SELECT f.id, f.entered FROM ${hf('feed')} f
            WHERE f.scope = w.scope AND f.collection = w.collection AND f.present
              AND f.id > CASE WHEN w.place = $6 AND w.name = $7 THEN $8 ELSE '' END COLLATE "C"
            ORDER BY f.id LIMIT $9
          ) f
          ORDER BY w.place, w.name, f.id LIMIT $9
        )
      ) h ORDER BY place, name, id LIMIT $9
    ), told AS (
      SELECT h.*, h.whole AND $15::text IS NOT NULL AND coalesce((
        SELECT ${hf('top_stamp')}(r.created, r.deleted, r.marks) COLLATE "C" < $15::text COLLATE "C"
        FROM ${hf('record')} r WHERE r.collection = h.collection AND r.id = h.id), false) AS aged
      FROM hits h
    ), sized AS (
      SELECT x.*, ${sizeBefore('x.values::text', 'x.place, x.name, x.id')} AS before
      FROM (SELECT h.*, CASE WHEN h.present AND NOT h.aged THEN ${valuesOf('h.collection', 'h.id')} END AS values FROM told h OFFSET 0) x
    ), receipts AS MATERIALIZED (
      SELECT a.*, ${sizeBefore('a.body::text', 'a.xid, a.id')} AS before
      FROM (
        SELECT * FROM ${hf('applied')} a
        WHERE a.device = $10::text::uuid AND NOT a.acknowledged AND (${unseen('a.xid').join(' OR ')})
          AND (a.xid, a.id) > ($12::text::xid8, $13::text::uuid)
        ORDER BY a.xid, a.id LIMIT $14 + 1
      ) a
${asked.fetch ? fetched : ''}    )
    SELECT pg_current_snapshot()::text AS snapshot,
      (SELECT json_object_agg(ordinal, epoch) FROM ${hf('epoch')}) AS epochs,
      (SELECT json_agg(json_build_object('scope', h.name, 'collection', (SELECT name FROM places p WHERE p.id = h.collection),
          'id', h.id, 'present', h.present, 'aged', h.aged, 'entered', h.entered::text, 'count', r.count, 'epoch', r.epoch,
          'created', r.created, 'deleted', r.deleted, 'marks', r.marks,
          'values', h.values)
          ORDER BY h.place, h.name, h.id)
        FROM sized h CROSS JOIN LATERAL (
          SELECT * FROM ${hf('record')} r WHERE r.collection = h.collection AND r.id = h.id OFFSET 0
        ) r WHERE h.before < $11) AS rows,
      (SELECT count(*)::int FROM hits) AS found,
      (SELECT json_agg(json_build_object('applied', ${appliedAsJson('a')}, 'scopes', CASE WHEN a.body IS NOT NULL THEN (
          SELECT json_agg(s.name) FROM ${hf('collection')} k
          JOIN ${hf('record')} r ON r.collection = k.id AND r.id = (a.record COLLATE "C") AND r.count > 0
          JOIN ${hf('scope')} s ON s.id = ANY(r.scopes) WHERE k.name = a.collection
        ) END) ORDER BY a.xid, a.id) FROM (
        SELECT * FROM receipts WHERE before < $11 ORDER BY xid, id LIMIT $14
      ) a) AS receipts,
      (SELECT count(*)::int FROM receipts) AS receipts_found,
      ${asked.fetch ? FETCHED : 'NULL'} AS fetched,
      ${asked.checksums ? checksums : 'NULL'} AS checksums,
      (SELECT value #>> '{}' FROM ${hf('meta')} WHERE key = 'horizon') AS horizon,
      (SELECT value #>> '{}' FROM ${hf('meta')} WHERE key = 'durable') AS durable`;
}

const FETCHED = `(SELECT json_agg(json_build_object('collection', f.collection, 'id', f.id, 'count', f.count, 'epoch', f.epoch,
        'values', f.values) ORDER BY f.at) FROM fetched f WHERE f.before < $11)`;
