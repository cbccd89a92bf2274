import { type Json, type Schema, scopesOf } from '@holdfast/core';

type Query = (text: string) => Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
type Values = Readonly<Record<string, Json>>;

interface RecordRow {
  readonly id: string;
  readonly alive: boolean;
  readonly content: Values | null;
  readonly scopes: readonly string[];
}

/**
 * Everything in which the sidecar tables disagree with the app's own: rows without a living record and the
 * reverse, wrong scopes, wrong feed rows, tombstones without content. Empty when all is well. In schema
 * `public`.
 */
export async function sidecarProblems(query: Query, schema: Schema): Promise<string[]> {
  const problems: string[] = [];
  const tables = new Map<string, Map<string, Values>>();
  for (const name of schema.collections.keys()) {
    const { rows } = await query(`SELECT id, to_jsonb(t) AS row FROM "${name}" t`);
    tables.set(name, new Map(rows.map((row) => [String(row['id']), row['row'] as Values])));
  }
  for (const collection of schema.collections.values()) {
    const { name } = collection;
    const table = tables.get(name) ?? new Map<string, Values>();
    const records = await recordsOf(query, name);
    const wanted = new Set<string>();
    for (const [id, values] of table) {
      const record = records.get(id);
      if (!record?.alive) problems.push(`${name}/${id}: the row has no living record`);
      const scopes = scopesOf(schema, collection, id, values, (parent, key) => tables.get(parent)?.get(key) ?? null);
      for (const scope of scopes) wanted.add(`${scope} ${id}`);
      const known = [...(record?.scopes ?? [])].sort().join();
      if (known !== scopes.join()) problems.push(`${name}/${id}: in the scopes ${known}, not ${scopes.join()}`);
    }
    for (const [id, record] of records) {
      if (record.alive && !table.has(id)) problems.push(`${name}/${id}: the record lives without a row`);
      if (!record.alive && record.content === null) problems.push(`${name}/${id}: the tombstone has no content`);
    }
    problems.push(...(await feedProblems(query, name, wanted)));
  }
  return problems;
}

async function recordsOf(query: Query, collection: string): Promise<Map<string, RecordRow>> {
  const { rows } = await query(`SELECT jsonb_build_object('id', r.id, 'alive', r.deleted IS NULL, 'content', r.content,
      'scopes', ARRAY(SELECT s.name FROM hf_scope s WHERE s.id = ANY(r.scopes))) AS record
    FROM hf_record r JOIN hf_collection k ON k.id = r.collection WHERE k.name = '${collection}' AND r.count > 0`);
  const records = rows.map((row) => row['record'] as RecordRow);
  return new Map(records.map((record) => [record.id, record]));
}

async function feedProblems(query: Query, collection: string, wanted: ReadonlySet<string>): Promise<string[]> {
  const { rows } = await query(`SELECT s.name || ' ' || f.id AS key
    FROM hf_feed f JOIN hf_collection k ON k.id = f.collection JOIN hf_scope s ON s.id = f.scope
    WHERE k.name = '${collection}' AND f.present`);
  const there = new Set(rows.map((row) => String(row['key'])));
  const missing = [...wanted].filter((key) => !there.has(key)).map((key) => `${collection}: the feed lacks ${key}`);
  const over = [...there].filter((key) => !wanted.has(key)).map((key) => `${collection}: the feed still has ${key}`);
  return [...missing, ...over];
}
