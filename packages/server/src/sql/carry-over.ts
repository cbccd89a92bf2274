import { type JsonObject, liftRecord, type Schema, type Step } from '@holdfast/core';
import type { SqlSession } from './sql-database.ts';
import type { SqlNames } from './sql-names.ts';

const BATCH = 500;

/**
 * CF12: takes what stands beside the app's tables along the declared steps: the numbers of collections, the marks of
 * fields, the last content of deleted records. The tables themselves are the app's: whoever runs the server has
 * migrated them before. Each version is carried over once.
 */
export async function carryOver(session: SqlSession, schema: Schema, names: SqlNames): Promise<void> {
  const meta = names.hf('meta');
  const { rows } = await session.query(
    `SELECT coalesce((SELECT (value #>> '{}')::int FROM ${meta} WHERE key = 'schema'),
       (SELECT (value->>'schema')::int FROM ${meta} WHERE key = 'installed')) AS version`,
  );
  const from = rows[0]?.['version'] ?? null;
  if (from !== null && Number(from) >= schema.version) return;
  if (from !== null) {
    const steps: Step[] = [];
    for (let version = Number(from) + 1; version <= schema.version; version += 1) {
      steps.push(...(schema.lifts.get(version) ?? []));
    }
    if (steps.length > 0) await liftTombstones(session, schema, names, Number(from));
    for (const step of steps) await carryStep(session, names, step);
  }
  await session.query(
    `INSERT INTO ${meta} (key, value) VALUES ('schema', to_jsonb($1::int))
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [schema.version],
  );
}

/** What cannot be lifted is forgotten, as if every device had read it: late changes of it are refused as gone. */
async function liftTombstones(session: SqlSession, schema: Schema, names: SqlNames, from: number): Promise<void> {
  let after: readonly [number, string] = [-1, ''];
  for (;;) {
    const { rows } = await session.query(
      `SELECT r.collection::int AS number, k.name, r.id, r.content FROM ${names.hf('record')} r
       JOIN ${names.hf('collection')} k ON k.id = r.collection
       WHERE r.deleted IS NOT NULL AND r.content <> '{}'::jsonb AND (r.collection, r.id) > ($1::int, $2::text COLLATE "C")
       ORDER BY r.collection, r.id LIMIT ${BATCH} FOR UPDATE OF r`,
      [after[0], after[1]],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = [Number(last['number']), String(last['id'])];
    for (const row of rows) {
      const record = { collection: String(row['name']), values: row['content'] as JsonObject };
      const lifted = liftRecord(schema, from, record);
      await session.query(
        lifted.ok
          ? `UPDATE ${names.hf('record')} SET content = $3::jsonb WHERE collection = $1 AND id = $2`
          : `UPDATE ${names.hf('record')} SET content = $3::jsonb, scopes = '{}', marks = '{}'
             WHERE collection = $1 AND id = $2`,
        [Number(row['number']), String(row['id']), JSON.stringify(lifted.ok ? lifted.value.values : {})],
      );
    }
  }
}

async function carryStep(session: SqlSession, names: SqlNames, step: Step): Promise<void> {
  const { hf } = names;
  const ofCollection = `collection = (SELECT k.id FROM ${hf('collection')} k WHERE k.name = $1)`;
  switch (step.kind) {
    case 'renameCollection': {
      const { from, to } = step;
      await session.query(
        `UPDATE ${hf('collection')} SET name = $2 WHERE name = $1
         AND NOT EXISTS (SELECT FROM ${hf('collection')} k WHERE k.name = $2)`,
        [from, to],
      );
      for (const table of ['applied', 'audit']) {
        await session.query(`UPDATE ${hf(table)} SET collection = $2 WHERE collection = $1`, [from, to]);
      }
      await session.query(
        `UPDATE ${hf('applied')} SET touched = (
           SELECT jsonb_agg(CASE WHEN e->>'collection' = $1 THEN jsonb_set(e, '{collection}', to_jsonb($2::text)) ELSE e END)
           FROM jsonb_array_elements(touched) e)
         WHERE touched IS NOT NULL AND touched @> jsonb_build_array(jsonb_build_object('collection', $1::text))`,
        [from, to],
      );
      return;
    }
    case 'renameField':
      await session.query(
        `UPDATE ${hf('record')} SET marks = (marks - $2::text) || jsonb_build_object($3::text, marks->$2::text)
         WHERE ${ofCollection} AND marks ? $2::text`,
        [step.collection, step.from, step.to],
      );
      return;
    case 'dropField':
      await session.query(
        `UPDATE ${hf('record')} SET marks = marks - $2::text WHERE ${ofCollection} AND marks ? $2::text`,
        [step.collection, step.field],
      );
      return;
    case 'mapFields':
      // The last change of any source, under the latest stamp of them: what a lifted mutation is compared with.
      await session.query(
        `UPDATE ${hf('record')} SET marks = (marks - $2::text[]) || (
           SELECT jsonb_object_agg(t.field, jsonb_set(s.last, '{3}', to_jsonb(s.stamp)))
           FROM unnest($3::text[]) t(field), (
             SELECT (array_agg(m.value ORDER BY (m.value->>0)::bigint DESC))[1] AS last,
               max((m.value->>3) COLLATE "C") AS stamp
             FROM jsonb_each(marks) m WHERE m.key = ANY($2::text[])
           ) s)
         WHERE ${ofCollection} AND marks ?| $2::text[]`,
        [step.collection, step.from, step.to],
      );
      return;
    default:
      return;
  }
}
