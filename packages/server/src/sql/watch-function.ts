import { type Collection, must, type Schema } from '@holdfast/core';
import { childrenOf, scopeFields } from './scope-sql.ts';
import { dollarQuote, quoteName, quoteText, rowAsJson, type SqlNames } from './sql-names.ts';

/**
 * The trigger function of one table. Its statements run through `EXECUTE`, planned anew for the size of
 * each change: a kept plan of the first single-row call made a change of 20,000 rows take minutes.
 *
 * It judges by what the table holds when it runs, compares old and new rows by id (a changed id vanished
 * and appeared), and calls, in this order: the parents of children are held; the records are changed,
 * which takes their rows in `hf_record`; their feed follows; and the children of parents that moved.
 */
export function watchFunction(
  schema: Schema,
  collection: Collection,
  numbers: ReadonlyMap<string, number>,
  names: SqlNames,
): string {
  const { hf } = names;
  const number = must(numbers.get(collection.name), 'the number of a collection');
  const sql = statements(collection, number, names);
  const using = 'USING ctx, ep, now_stamp';
  const hold = (query: string, field: string, parent: string) => `
    EXECUTE ${dollarQuote(query.replaceAll('%field%', quoteName(field)))} INTO parents;
    PERFORM ${hf('hold_parents')}(${quoteText(names.table(parent))}, ${must(numbers.get(parent), 'a number')}::smallint, parents);`;
  const holds = (query: string) =>
    collection.inherits.map(({ field, collection: parent }) => hold(query, field, parent)).join('');
  const children = childrenOf(schema, collection.name);
  const moveChildren = children
    .map(({ collection: child, field }) => {
      const childNumber = must(numbers.get(child.name), 'a number');
      return `
    EXECUTE ${dollarQuote(`SELECT array_agg(c.id) FROM ${names.table(child.name)} c WHERE c.${quoteName(field)} = ANY($1)`)} INTO kids USING moved;
    IF kids IS NOT NULL THEN
      EXECUTE ${dollarQuote(`SELECT FROM ${hf('record')} WHERE collection = ${childNumber} AND id = ANY($1) ORDER BY id FOR UPDATE`)} USING kids;
      PERFORM ${hf(`place_${child.name}`)}(kids, false);
    END IF;`;
    })
    .join('');
  const children_ =
    children.length === 0
      ? ''
      : `
  IF moved IS NOT NULL THEN
    PERFORM ${hf('need_read_committed')}(TG_TABLE_NAME::text);${moveChildren}
  END IF;`;
  const truncatedParents = children
    .map(
      ({ collection: child, field }) => `
    EXECUTE ${dollarQuote(`SELECT array_agg(c.${quoteName(field)}) FROM ${names.table(child.name)} c WHERE c.${quoteName(field)} IS NOT NULL`)} INTO parents;
    moved := moved || parents;`,
    )
    .join('');
  return `CREATE OR REPLACE FUNCTION ${hf(`watch_${collection.name}`)}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS ${dollarQuote(`
DECLARE
  ctx jsonb := ${hf('context')}(${number}::smallint);
  ep int := (SELECT max(ordinal) FROM ${hf('epoch')});
  now_stamp text := ${hf('clock_stamp')}();
  parents text[];
  kids text[];
  vanished text[];
  appeared text[];
  changed text[];
  strange boolean;
  placed text[];
  awaited text[];
  moved text[];
BEGIN
  IF TG_OP = 'INSERT' THEN${holds('SELECT array_agg(DISTINCT n.%field%) FROM hf_new n WHERE n.%field% IS NOT NULL')}
    EXECUTE ${dollarQuote(sql.appear('hf_new'))} INTO appeared, awaited ${using};
  ELSIF TG_OP = 'UPDATE' THEN${holds(`SELECT array_agg(DISTINCT p) FROM (
        SELECT n.%field% AS p FROM hf_new n LEFT JOIN hf_old o ON o.id = n.id WHERE n.%field% IS DISTINCT FROM o.%field%
        UNION ALL
        SELECT o.%field% FROM hf_new n JOIN hf_old o ON o.id = n.id WHERE n.%field% IS DISTINCT FROM o.%field%
      ) x WHERE p IS NOT NULL`)}
    EXECUTE ${dollarQuote(sql.change)} INTO changed, placed, strange ${using};
    IF strange THEN
      EXECUTE ${dollarQuote(sql.vanish('(SELECT * FROM hf_old o WHERE NOT EXISTS (SELECT FROM hf_new n WHERE n.id = o.id))'))} INTO vanished ${using};
      EXECUTE ${dollarQuote(sql.appear(`(SELECT n.* FROM hf_new n LEFT JOIN LATERAL ${sql.living('n.id')} l ON true WHERE l.id IS NULL)`))} INTO appeared, awaited ${using};
    END IF;
  ELSIF TG_OP = 'DELETE' THEN
    EXECUTE ${dollarQuote(sql.vanish('hf_old'))} INTO vanished ${using};
  ELSIF TG_WHEN = 'BEFORE' THEN
    PERFORM ${hf('need_read_committed')}('TRUNCATE of ' || TG_TABLE_NAME);
    EXECUTE ${dollarQuote(sql.truncate)} INTO vanished ${using};
  ELSE${truncatedParents}
    NULL;
  END IF;
  IF vanished IS NOT NULL THEN PERFORM ${hf('bump')}(${number}::smallint, vanished, false); END IF;
  IF changed IS NOT NULL THEN PERFORM ${hf('bump')}(${number}::smallint, changed, true); END IF;
  PERFORM ${hf(`place_${collection.name}`)}(appeared || placed, true);
  IF TG_OP <> 'TRUNCATE' THEN moved := vanished || awaited || placed; END IF;${children_}
  IF ctx IS NOT NULL THEN PERFORM set_config('hf.ctx', '', true); END IF;
  RETURN NULL;
END
`)};
REVOKE ALL ON FUNCTION ${hf(`watch_${collection.name}`)}() FROM PUBLIC;`;
}

/** $1 is the context, $2 the epoch, $3 the clock's stamp. */
function statements(collection: Collection, number: number, names: SqlNames) {
  const { hf } = names;
  const record = hf('record');
  const table = names.table(collection.name);
  const fields = collection.columns.map(({ name }) => name);
  const fieldArray = `ARRAY[${fields.map(quoteText).join(', ')}]::text[]`;
  const alive = '(r.count > 0 AND r.deleted IS NULL)';
  const top = `${hf('top_stamp')}(r.created, r.deleted, r.marks)`;
  const key = (id: string, field: string) => `$1->'r'->${id}->>${field}`;

  // The key says which of the context's stamps is meant; without one it is a change of plain SQL.
  const mark = (
    count: string,
    by: string,
    floor: string,
  ) => `jsonb_build_array(${count}, $2, pg_current_xact_id()::text,
      coalesce($1->'s'->(${by})::int->>0, greatest($3 COLLATE "C", ${hf('stamp_after')}(${floor}))),
      coalesce($1->'s'->(${by})::int->>1, ''),
      CASE WHEN ${by} IS NOT NULL THEN $1->>'a' END, CASE WHEN ${by} IS NOT NULL THEN $1->>'b' END)`;

  // Fields of a new record that carry another stamp than its creation.
  const bornMarks = (
    count: string,
    id: string,
  ) => `coalesce((SELECT jsonb_object_agg(k.key, ${mark(count, 'k.value', 'NULL')})
      FROM jsonb_each_text($1->'r'->${id}) k WHERE k.key <> ''), '{}')`;

  const appear = (source: string) => `WITH put AS (
      INSERT INTO ${record} AS r (collection, id, count, epoch, created, marks, scopes)
      SELECT ${number}, n.id, 1, $2, ${mark('1', key('n.id', "''"), 'NULL')}, ${bornMarks('1', 'n.id')}, '{}'
      FROM ${source} n WHERE EXISTS (SELECT FROM ${table} t WHERE t.id = n.id)
      ORDER BY n.id COLLATE "C"
      ON CONFLICT (collection, id) DO UPDATE SET
        count = r.count + 1, epoch = $2, deleted = NULL, content = NULL,
        created = CASE WHEN ${alive} THEN r.created ELSE ${mark('r.count + 1', key('r.id', "''"), top)} END,
        marks = CASE WHEN ${alive} THEN (SELECT jsonb_object_agg(f, ${mark('r.count + 1', key('r.id', 'f'), top)})
          FROM unnest(${fieldArray}) f) ELSE ${bornMarks('r.count + 1', 'r.id')} END,
        scopes = CASE WHEN ${alive} THEN r.scopes ELSE '{}' END
      RETURNING r.id, r.awaited
    ) SELECT array_agg(id), array_agg(id) FILTER (WHERE awaited) FROM put`;

  const differs = fields.map((field) => {
    const name = quoteName(field);
    return `CASE WHEN n.${name} IS DISTINCT FROM o.${name} OR k.named ? ${quoteText(field)} THEN ${quoteText(field)} END`;
  });
  // SV4: what people had written, and plain SQL has put something else in its place, one entry for each of them.
  const overwritten = (source: string, changed: string, mine: string, theirs: string) => `told AS (
      INSERT INTO ${hf('audit')} (at, xid, event, user_id, collection, record, other, mine, theirs)
      SELECT clock_timestamp(), pg_current_xact_id(), 'overwritten', session_user, ${quoteText(collection.name)}, h.id,
        w.author, coalesce(jsonb_object_agg(f, ${mine}->f) FILTER (WHERE ${mine} IS NOT NULL), '{}')::text,
        jsonb_object_agg(f, ${theirs}->f)::text
      FROM ${source} CROSS JOIN LATERAL (
        SELECT r.created, r.marks FROM ${record} r WHERE r.collection = ${number} AND r.id = h.id OFFSET 0
      ) r CROSS JOIN LATERAL unnest(${changed}) f CROSS JOIN LATERAL (
        SELECT CASE WHEN r.marks ? f THEN r.marks->f->>6 ELSE r.created->>6 END AS author
      ) w
      WHERE $1 IS NULL AND w.author IS NOT NULL
      GROUP BY h.id, w.author ORDER BY h.id COLLATE "C"
    )`;

  // By the primary key, id by id, whatever the planner takes the table's size for.
  const living = (id: string) =>
    `(SELECT r.id FROM ${record} r WHERE r.collection = ${number} AND r.id = ${id} AND ${alive} OFFSET 0)`;

  // The inserts always meet the record's row: what they bring is what it becomes. Strange are rows under a
  // new id, and those that no trigger has seen before.
  const change = `WITH src AS MATERIALIZED (
      SELECT n.id, array_remove(ARRAY[${differs.join(', ')}]::text[], NULL) AS fields, k.named,
        o.id IS NULL OR l.id IS NULL AS strange,
        EXISTS (SELECT FROM ${table} t WHERE t.id = n.id) AS there,
        CASE WHEN $1 IS NULL THEN ${rowAsJson(collection, 'n', 'to_jsonb')} END AS mine,
        CASE WHEN $1 IS NULL THEN ${rowAsJson(collection, 'o', 'to_jsonb')} END AS theirs
      FROM hf_new n LEFT JOIN hf_old o ON o.id = n.id
      CROSS JOIN LATERAL (SELECT $1->'r'->n.id AS named) k
      LEFT JOIN LATERAL ${living('n.id')} l ON true
    ), hit AS (
      SELECT * FROM src WHERE there AND NOT strange AND fields <> '{}'
    ), ${overwritten('hit h', 'h.fields', 'h.mine', 'h.theirs')}, put AS (
      INSERT INTO ${record} AS r (collection, id, count, epoch, marks)
      SELECT ${number}, s.id, 0, $2, (SELECT jsonb_object_agg(f, s.named->f) FROM unnest(s.fields) f)
      FROM hit s ORDER BY s.id COLLATE "C"
      ON CONFLICT (collection, id) DO UPDATE SET count = r.count + 1, epoch = $2,
        marks = r.marks || (SELECT jsonb_object_agg(m.key,
          ${mark('r.count + 1', 'm.value', 'coalesce(r.marks->m.key->>3, r.created->>3)')})
          FROM jsonb_each_text(excluded.marks) m)
    ) SELECT s.stay, s.move, (SELECT bool_or(strange) FROM src) FROM (
      SELECT array_agg(id) FILTER (WHERE NOT moves) AS stay, array_agg(id) FILTER (WHERE moves) AS move FROM (
        SELECT id, fields && ARRAY[${scopeFields(collection).map(quoteText).join(', ')}]::text[] AS moves FROM hit
      ) h
    ) s`;

  const end = (source: string, where: string) => `WITH gone AS MATERIALIZED (
      SELECT o.id, ${rowAsJson(collection, 'o', 'to_jsonb')} AS content
      FROM ${source} o CROSS JOIN LATERAL ${living('o.id')} l${where}
    ), ${overwritten('gone h', fieldArray, 'NULL::jsonb', 'h.content')}, put AS (
      INSERT INTO ${record} AS r (collection, id, count, epoch, content)
      SELECT ${number}, o.id, 0, $2, o.content FROM gone o
      ORDER BY o.id COLLATE "C"
      ON CONFLICT (collection, id) DO UPDATE SET count = r.count + 1, epoch = $2, awaited = true,
        deleted = ${mark('r.count + 1', key('r.id', "''"), top)}, content = excluded.content
      RETURNING r.id
    ) SELECT array_agg(id) FROM put`;

  return {
    appear,
    change,
    living,
    vanish: (source: string) => end(source, ` WHERE NOT EXISTS (SELECT FROM ${table} t WHERE t.id = o.id)`),
    truncate: end(table, ''),
  };
}

/** The triggers of one table; they fire in every session_replication_role. */
export function watchTriggers(collection: Collection, names: SqlNames): string {
  const table = names.table(collection.name);
  const run = `FOR EACH STATEMENT EXECUTE FUNCTION ${names.hf(`watch_${collection.name}`)}()`;
  const triggers = [
    ['hf_insert', 'AFTER INSERT', 'REFERENCING NEW TABLE AS hf_new'],
    ['hf_update', 'AFTER UPDATE', 'REFERENCING OLD TABLE AS hf_old NEW TABLE AS hf_new'],
    ['hf_delete', 'AFTER DELETE', 'REFERENCING OLD TABLE AS hf_old'],
    ['hf_truncating', 'BEFORE TRUNCATE', ''],
    ['hf_truncate', 'AFTER TRUNCATE', ''],
  ] as const;
  return triggers
    .map(
      ([name, event, tables]) => `CREATE OR REPLACE TRIGGER ${name} ${event} ON ${table} ${tables} ${run};
ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${name};`,
    )
    .join('\n');
}

/** How many triggers `watchTriggers` makes. */
export const TRIGGERS_A_TABLE = 5;
