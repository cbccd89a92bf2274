import type { SqlNames } from './sql-names.ts';

/**
 * Audit and bay. What people wrote is kept as JSON text: a refused mutation can hold what no other type of
 * Postgres takes.
 */
export function ledgerTables({ hf }: SqlNames): string {
  return `
CREATE TABLE IF NOT EXISTS ${hf('audit')} (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  event text NOT NULL,
  user_id text NOT NULL,
  device uuid,
  transaction uuid,
  mutation uuid,
  collection text NOT NULL,
  record text COLLATE "C" NOT NULL,
  rule text,
  other text,
  mine text NOT NULL,
  theirs text NOT NULL,
  stamp text,
  raw_stamp text,
  target uuid,
  xid xid8
);
CREATE INDEX IF NOT EXISTS hf_audit_record ON ${hf('audit')} (collection, record, number);
CREATE INDEX IF NOT EXISTS hf_audit_user ON ${hf('audit')} (user_id, number);
CREATE INDEX IF NOT EXISTS hf_audit_other ON ${hf('audit')} (other, number) WHERE other IS NOT NULL;

CREATE TABLE IF NOT EXISTS ${hf('bay')} (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  at timestamptz NOT NULL,
  transaction uuid NOT NULL,
  user_id text NOT NULL,
  role text,
  device uuid NOT NULL,
  outcome text NOT NULL,
  reason text,
  detail text,
  ids uuid[] NOT NULL,
  mutations text NOT NULL,
  sides text NOT NULL,
  resolved_by uuid,
  resolved_at timestamptz
);
CREATE INDEX IF NOT EXISTS hf_bay_ids ON ${hf('bay')} USING gin (ids);
CREATE INDEX IF NOT EXISTS hf_bay_user ON ${hf('bay')} (user_id, number);
CREATE INDEX IF NOT EXISTS hf_bay_open ON ${hf('bay')} (number) WHERE resolved_by IS NULL;
`;
}
