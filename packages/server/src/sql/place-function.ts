import { type Collection, must, type Schema } from '@holdfast/core';
import { scopesQuery } from './scope-sql.ts';
import { dollarQuote, type SqlNames } from './sql-names.ts';

/**
 * `hf_place_<collection>(ids, changed)`: brings the scopes of records that live into line with what the
 * tables hold now, in `hf_record` and in the feed. With `changed` false the records themselves are as
 * they were, and only scopes they left or entered hear of it. The caller holds the records' rows in
 * `hf_record`: a record's feed rows change under that lock alone.
 */
export function placeFunction(
  schema: Schema,
  collection: Collection,
  numbers: ReadonlyMap<string, number>,
  names: SqlNames,
): string {
  const { hf } = names;
  const number = must(numbers.get(collection.name), 'the number of a collection');
  const scopes = scopesQuery(schema, collection, names);
  const learn = `INSERT INTO ${hf('scope')} (name)
    SELECT n.name FROM (SELECT DISTINCT s.name FROM (${scopes}) s) n
    WHERE NOT EXISTS (SELECT FROM ${hf('scope')} k WHERE k.name = n.name)
    ORDER BY n.name COLLATE "C"
    ON CONFLICT DO NOTHING`;
  // Looked up id by id, by the primary key, whatever the planner takes the table's size for: right after an
  // import it knows no statistics, and its plan for one row would make thousands quadratic.
  const place = `WITH want AS (
      SELECT i.id, coalesce(array_agg(DISTINCT s.scope) FILTER (WHERE s.scope IS NOT NULL), '{}') AS scopes,
        bool_or(s.name IS NOT NULL AND s.scope IS NULL) AS blind
      FROM unnest($1) i(id) LEFT JOIN (
        SELECT s.id, s.name, k.id AS scope FROM (${scopes}) s LEFT JOIN ${hf('scope')} k ON k.name = s.name
      ) s ON s.id = i.id GROUP BY i.id
    ), diff AS MATERIALIZED (
      SELECT w.id, r.epoch, r.scopes AS was, w.scopes AS now, w.blind
      FROM want w CROSS JOIN LATERAL (
        SELECT * FROM ${hf('record')} r
        WHERE r.collection = ${number} AND r.id = w.id AND r.count > 0 AND r.deleted IS NULL OFFSET 0
      ) r
    ), kept AS (
      INSERT INTO ${hf('record')} (collection, id, count, epoch, scopes)
      SELECT ${number}, d.id, 0, d.epoch, d.now FROM diff d WHERE d.was <> d.now
      ON CONFLICT (collection, id) DO UPDATE SET scopes = excluded.scopes
    ), fed AS (
      INSERT INTO ${hf('feed')} AS f (scope, collection, id, xid, entered, present)
      SELECT s.scope, ${number}, d.id, pg_current_xact_id(), pg_current_xact_id(), s.scope = ANY(d.now)
      FROM diff d CROSS JOIN LATERAL (SELECT unnest(d.now) UNION SELECT unnest(d.was)) s(scope)
      WHERE $2 OR (s.scope = ANY(d.now)) <> (s.scope = ANY(d.was))
      ORDER BY s.scope, d.id
      ON CONFLICT (scope, collection, id) DO UPDATE SET xid = excluded.xid, present = excluded.present,
        entered = CASE WHEN excluded.present AND NOT f.present THEN excluded.xid ELSE f.entered END
      RETURNING scope
    )
    SELECT (SELECT array_agg(DISTINCT scope) FROM fed), (SELECT count(*) > 0 FROM diff WHERE blind)`;
  return `CREATE OR REPLACE FUNCTION ${hf(`place_${collection.name}`)}(ids text[], changed boolean)
RETURNS void LANGUAGE plpgsql AS ${dollarQuote(`
DECLARE
  touched int[];
  blind boolean;
BEGIN
  IF ids IS NULL THEN RETURN; END IF;
  EXECUTE ${dollarQuote(learn)} USING ids;
  EXECUTE ${dollarQuote(place)} INTO touched, blind USING ids, changed;
  -- Only under a snapshot of its own can a transaction miss a scope that it has just made sure of.
  IF blind THEN RAISE EXCEPTION 'a scope is new to this snapshot' USING ERRCODE = '40001'; END IF;
  PERFORM ${hf('tell')}(touched);
END
`)};`;
}
