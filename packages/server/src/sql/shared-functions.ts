import { dollarQuote, type SqlNames } from './sql-names.ts';

/** The functions that all tables' triggers use. None but the triggers themselves runs with our rights. */
export function sharedFunctions(names: SqlNames): string {
  return [
    clockStamp(names),
    stampAfter(names),
    topStamp(names),
    context(names),
    holdParents(names),
    bump(names),
    tell(names),
    needReadCommitted(names),
  ].join('\n');
}

/** What `stampOf(now, 0)` is on a device. */
function clockStamp({ hf }: SqlNames): string {
  return `CREATE OR REPLACE FUNCTION ${hf('clock_stamp')}() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '0000'
$$;`;
}

/** What `stampAfter` is: the counter carries into the milliseconds by itself. */
function stampAfter({ hf }: SqlNames): string {
  return `CREATE OR REPLACE FUNCTION ${hf('stamp_after')}(stamp text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT lpad(to_hex(('x' || stamp)::bit(64)::bigint + 1), 16, '0')
$$;`;
}

/** The highest stamp of a record. */
function topStamp({ hf }: SqlNames): string {
  return `CREATE OR REPLACE FUNCTION ${hf('top_stamp')}(created jsonb, deleted jsonb, marks jsonb)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT max(s COLLATE "C") FROM (
    SELECT created->>3 AS s UNION ALL SELECT deleted->>3 UNION ALL SELECT m.value->>3 FROM jsonb_each(marks) m
  ) x
$$;`;
}

/**
 * The context that the server handed over with the statement that fires the trigger, or NULL. Believed
 * only from the server's own role, in the very transaction, for the very collection, and not by a
 * statement that another trigger runs.
 */
function context({ hf }: SqlNames): string {
  return `CREATE OR REPLACE FUNCTION ${hf('context')}(collection smallint) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  raw text := current_setting('hf.ctx', true);
  head text;
BEGIN
  IF raw IS NULL OR raw = '' OR pg_trigger_depth() <> 1 THEN RETURN NULL; END IF;
  IF NOT EXISTS (SELECT FROM ${hf('role')} r WHERE r.name = session_user) THEN RETURN NULL; END IF;
  head := pg_current_xact_id()::text || ' ' || collection || ' ';
  IF NOT starts_with(raw, head) THEN RETURN NULL; END IF;
  RETURN substr(raw, length(head) + 1)::jsonb;
END
$$;`;
}

/**
 * Locks the parents that records are about to inherit from, so that their scopes cannot move until the
 * transaction ends. One that is not there is awaited: whoever creates it passes its row and looks for
 * children then.
 */
function holdParents({ hf }: SqlNames): string {
  return `CREATE OR REPLACE FUNCTION ${hf('hold_parents')}(parent text, parent_collection smallint, ids text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  missing text[];
BEGIN
  IF ids IS NULL THEN RETURN; END IF;
  EXECUTE 'SELECT FROM ' || parent || ' WHERE id = ANY($1) ORDER BY id FOR KEY SHARE' USING ids;
  EXECUTE 'SELECT array_agg(k ORDER BY k COLLATE "C") FROM unnest($1) k
    WHERE NOT EXISTS (SELECT FROM ' || parent || ' p WHERE p.id = k)' INTO missing USING ids;
  IF missing IS NULL THEN RETURN; END IF;
  EXECUTE 'INSERT INTO ${hf('record')} AS r (collection, id, count, epoch, awaited)
    SELECT $1, k, 0, 0, true FROM unnest($2) k ORDER BY k COLLATE "C"
    ON CONFLICT (collection, id) DO UPDATE SET awaited = true' USING parent_collection, missing;
  -- It may have been created while we waited.
  EXECUTE 'SELECT FROM ' || parent || ' WHERE id = ANY($1) ORDER BY id FOR KEY SHARE' USING missing;
END
$$;`;
}

/** Puts the records' change into all the scopes they are in; with `stays` false they leave them. */
function bump({ hf }: SqlNames): string {
  return `CREATE OR REPLACE FUNCTION ${hf('bump')}(collection smallint, ids text[], stays boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  touched int[];
BEGIN
  EXECUTE 'WITH fed AS (
    INSERT INTO ${hf('feed')} AS f (scope, collection, id, xid, entered, present)
    SELECT s.scope, r.collection, r.id, pg_current_xact_id(), pg_current_xact_id(), $3
    FROM unnest($2) k(id) CROSS JOIN LATERAL (
      SELECT * FROM ${hf('record')} r WHERE r.collection = $1 AND r.id = k.id OFFSET 0
    ) r CROSS JOIN LATERAL unnest(r.scopes) s(scope)
    ORDER BY s.scope, r.id
    ON CONFLICT (scope, collection, id) DO UPDATE SET xid = excluded.xid, present = excluded.present
    RETURNING scope
  ) SELECT array_agg(DISTINCT scope) FROM fed' INTO touched USING collection, ids, stays;
  PERFORM ${hf('tell')}(touched);
END
$$;`;
}

/** Tells every server process of news, in payloads below the 8,000 bytes that NOTIFY takes. */
function tell({ hf, channel }: SqlNames): string {
  return `CREATE OR REPLACE FUNCTION ${hf('tell')}(scopes int[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF scopes IS NULL THEN RETURN; END IF;
  PERFORM pg_notify('${channel.replaceAll("'", "''")}', payload) FROM (
    SELECT jsonb_agg(b.name)::text AS payload FROM (
      SELECT k.name, sum(octet_length(to_json(k.name)::text) + 2) OVER (ORDER BY k.id) / 6500 AS batch
      FROM ${hf('scope')} k WHERE k.id = ANY(scopes)
    ) b GROUP BY b.batch
  ) p;
END
$$;`;
}

/** Under a snapshot of its own a transaction cannot see the children that others have just written. */
function needReadCommitted({ hf }: SqlNames): string {
  return `CREATE OR REPLACE FUNCTION ${hf('need_read_committed')}(what text) RETURNS void LANGUAGE plpgsql AS ${dollarQuote(`
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION '% moves what inherits its scopes: run it in READ COMMITTED', what USING ERRCODE = '40001';
  END IF;
END
`)};`;
}
