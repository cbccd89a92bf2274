import type { SqlNames } from './sql-names.ts';

/**
 * The tables beside the app's own. Collections and scopes stand in them as small numbers, which keeps the
 * feed a third smaller than text would.
 *
 * A mark is an array: [count, epoch, transaction, stamp, tie, authority, by].
 */
export function sidecarTables(names: SqlNames): string {
  const { hf } = names;
  return `
CREATE TABLE IF NOT EXISTS ${hf('meta')} (key text PRIMARY KEY, value jsonb NOT NULL);

CREATE TABLE IF NOT EXISTS ${hf('role')} (name text PRIMARY KEY);

CREATE TABLE IF NOT EXISTS ${hf('epoch')} (
  ordinal int PRIMARY KEY,
  epoch text NOT NULL UNIQUE,
  cluster text NOT NULL,
  began timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS ${hf('collection')} (id smallint PRIMARY KEY, name text NOT NULL UNIQUE);

CREATE TABLE IF NOT EXISTS ${hf('scope')} (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE
);

-- A count of 0 holds the place of a record that does not exist: who creates it has to pass this row.
-- "awaited" says that others may refer to it for their scopes while it is not there.
CREATE TABLE IF NOT EXISTS ${hf('record')} (
  collection smallint NOT NULL,
  id text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  epoch int NOT NULL,
  created jsonb,
  marks jsonb NOT NULL DEFAULT '{}',
  deleted jsonb,
  content jsonb,
  scopes int[] NOT NULL DEFAULT '{}',
  awaited boolean NOT NULL DEFAULT false,
  PRIMARY KEY (collection, id)
) WITH (fillfactor = 90);
-- A deleted record whose content was forgotten has an empty one.
CREATE INDEX IF NOT EXISTS hf_record_deleted ON ${hf('record')} (collection, id)
  WHERE deleted IS NOT NULL AND content <> '{}'::jsonb;

CREATE TABLE IF NOT EXISTS ${hf('feed')} (
  scope int NOT NULL,
  collection smallint NOT NULL,
  id text COLLATE "C" NOT NULL,
  xid xid8 NOT NULL,
  entered xid8 NOT NULL,
  present boolean NOT NULL,
  PRIMARY KEY (scope, collection, id)
);
CREATE INDEX IF NOT EXISTS hf_feed_xid ON ${hf('feed')} (scope, xid);
CREATE INDEX IF NOT EXISTS hf_feed_left ON ${hf('feed')} (xid) WHERE NOT present;

CREATE TABLE IF NOT EXISTS ${hf('applied')} (
  id uuid PRIMARY KEY,
  transaction uuid NOT NULL,
  device uuid NOT NULL,
  user_id text NOT NULL,
  fingerprint text NOT NULL,
  collection text NOT NULL,
  record text NOT NULL,
  count bigint,
  epoch int,
  touched jsonb,
  resolves uuid[],
  outcome text NOT NULL,
  reason text,
  body jsonb,
  acknowledged boolean NOT NULL DEFAULT false,
  xid xid8 NOT NULL
);
CREATE INDEX IF NOT EXISTS hf_applied_device ON ${hf('applied')} (device, xid) WHERE NOT acknowledged;
-- Only the few that resolve something, and each at its place at once: a list of pending entries would be
-- walked again for every id that is asked for.
DROP INDEX IF EXISTS ${hf('applied_resolves')};
CREATE INDEX IF NOT EXISTS hf_applied_resolving ON ${hf('applied')} USING gin (resolves)
  WITH (fastupdate = off) WHERE resolves IS NOT NULL;

CREATE TABLE IF NOT EXISTS ${hf('device')} (
  id uuid PRIMARY KEY,
  user_id text NOT NULL,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  floor xid8
);
ALTER TABLE ${hf('device')} ADD COLUMN IF NOT EXISTS floor xid8;
`;
}
