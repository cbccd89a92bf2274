import type { Collection, Column, Schema } from '@holdfast/core';

/** The form of the `hf_` tables. A store of a higher one was written by a newer app. */
export const STORE_FORMAT = 1;

const SQL_TYPES: Record<Column['kind'], string> = {
  text: 'TEXT',
  integer: 'INTEGER',
  real: 'REAL',
  boolean: 'INTEGER',
  date: 'TEXT',
  instant: 'TEXT',
  json: 'TEXT',
};

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * The visible state: one plain typed table a collection, read by queries directly. No NOT NULL, UNIQUE
 * or foreign keys: what the server says is stored as it is, and a rebase must never fail on it (hazard C7).
 */
function collectionTables(schema: Schema): string[] {
  return [...schema.collections.values()].flatMap((collection) => [
    `CREATE TABLE IF NOT EXISTS ${quote(collection.name)} (id TEXT PRIMARY KEY, ${collection.columns
      .map((column) => `${quote(column.name)} ${SQL_TYPES[column.kind]}`)
      .join(', ')}) WITHOUT ROWID`,
    ...collection.indexes.map(
      (fields, index) =>
        `CREATE INDEX IF NOT EXISTS ${quote(`${collection.name}_${index}`)} ON ${quote(collection.name)} (${fields.map(quote).join(', ')})`,
    ),
  ]);
}

/**
 * An entry is plain that waits for nothing, is a transaction by itself and has met nothing yet: whatever becomes of
 * others, it may go, keeps its state, and is seen. All others are entangled, except the first of a transaction, whose
 * name it has: only its followers tell.
 */
export const ENTANGLED = `NOT (needs = '' AND previous IS NULL AND id = txn AND state IN ('{"at":"pending"}', '{"at":"sending"}'))`;

const ENGINE_TABLES = [
  // One row: who this device is, and its clock.
  `CREATE TABLE IF NOT EXISTS hf_device (
    one INTEGER PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL, schema INTEGER NOT NULL, layout TEXT NOT NULL,
    device TEXT NOT NULL, user TEXT NOT NULL, clock TEXT NOT NULL, offset_ms REAL NOT NULL)`,
  // One row: what has been read. "generation" grows with every answer taken in: an answer to an older
  // request, or to another tab's, is then known for what it is.
  `CREATE TABLE IF NOT EXISTS hf_cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, epoch TEXT, snapshot TEXT,
    scopes TEXT NOT NULL, catch_up TEXT, staged_records INTEGER NOT NULL, staged_bytes INTEGER NOT NULL,
    last_sync INTEGER)`,
  // The version of each record as last confirmed, and the scopes the device holds it by.
  `CREATE TABLE IF NOT EXISTS hf_record (
    collection TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, scopes TEXT NOT NULL,
    PRIMARY KEY (collection, id)) WITHOUT ROWID`,
  // The server's copy of each record that has outbox entries and that the server has; nothing else.
  `CREATE TABLE IF NOT EXISTS hf_confirmed (
    collection TEXT NOT NULL, id TEXT NOT NULL, fields TEXT NOT NULL,
    PRIMARY KEY (collection, id)) WITHOUT ROWID`,
  // Each index is one more page in every durable write: entries are found by their record or their place.
  `CREATE TABLE IF NOT EXISTS hf_outbox (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, txn TEXT NOT NULL, user TEXT NOT NULL,
    kind TEXT NOT NULL, collection TEXT NOT NULL, record TEXT NOT NULL, schema INTEGER NOT NULL,
    previous TEXT, needs TEXT NOT NULL, body TEXT NOT NULL, stamp TEXT NOT NULL, priority INTEGER NOT NULL,
    made_at INTEGER NOT NULL, sent INTEGER NOT NULL, tries INTEGER NOT NULL, state TEXT NOT NULL)`,
  // With the priority, what goes first is found without reading the entries.
  'CREATE INDEX IF NOT EXISTS hf_outbox_record ON hf_outbox (collection, record, priority)',
  // Costs nothing where a write is by itself, and is then sent and taken.
  `CREATE INDEX IF NOT EXISTS hf_outbox_entangled ON hf_outbox (seq) WHERE ${ENTANGLED}`,
  // Which records an entry refers to: a delete comes after its own earlier entries that refer to its record.
  `CREATE TABLE IF NOT EXISTS hf_outbox_ref (
    collection TEXT NOT NULL, record TEXT NOT NULL, entry TEXT NOT NULL, command INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (collection, record, entry)) WITHOUT ROWID`,
  // Released entries, with outcome and content, until a backup of the server holds them. By row number: a tree by id
  // keeps a quarter of a page of each, and the rest of it in a page of its own.
  `CREATE TABLE IF NOT EXISTS hf_sent (
    id TEXT PRIMARY KEY NOT NULL, seq INTEGER NOT NULL, txn TEXT NOT NULL, kind TEXT NOT NULL, collection TEXT NOT NULL, record TEXT NOT NULL,
    previous TEXT, content TEXT NOT NULL, receipt TEXT NOT NULL, made_at INTEGER NOT NULL,
    released_at INTEGER NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS hf_sent_seq ON hf_sent (seq)',
  'CREATE INDEX IF NOT EXISTS hf_sent_released ON hf_sent (released_at)',
  // ID2: of records made here for a backend that assigns ids: the id the app uses for ever, and the backend's.
  `CREATE TABLE IF NOT EXISTS hf_ids (
    collection TEXT NOT NULL, local TEXT NOT NULL, server TEXT NOT NULL,
    PRIMARY KEY (collection, local), UNIQUE (collection, server)) WITHOUT ROWID`,
  // Receipts taken in that the server has not been told of yet.
  'CREATE TABLE IF NOT EXISTS hf_unacknowledged (id TEXT PRIMARY KEY) WITHOUT ROWID',
  // Pages of a catch-up under way: nobody sees them before the last one has come.
  'CREATE TABLE IF NOT EXISTS hf_stage (seq INTEGER PRIMARY KEY, page TEXT NOT NULL)',
  // Entries as they were written under an older schema: so they are sent.
  'CREATE TABLE IF NOT EXISTS hf_original (id TEXT PRIMARY KEY, collection TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID',
  // One row: what kind of value each field of the schema holds.
  'CREATE TABLE IF NOT EXISTS hf_shape (one INTEGER PRIMARY KEY CHECK (one = 1), shape TEXT NOT NULL)',
  // One row: what the app wants this device to hold.
  'CREATE TABLE IF NOT EXISTS hf_hold (one INTEGER PRIMARY KEY CHECK (one = 1), hold TEXT NOT NULL)',
  // Where it holds only what is young: how old each record is, and whether its content is here.
  `CREATE TABLE IF NOT EXISTS hf_retained (
    collection TEXT NOT NULL, id TEXT NOT NULL, stamp TEXT, content TEXT NOT NULL, kept_until INTEGER,
    PRIMARY KEY (collection, id)) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS hf_retained_age ON hf_retained (content, stamp)',
  // One row: when checksums were compared, the scopes that are read again for they differed, and the full reads lately.
  `CREATE TABLE IF NOT EXISTS hf_check (
    one INTEGER PRIMARY KEY CHECK (one = 1), checked_at INTEGER, again TEXT NOT NULL, begun INTEGER NOT NULL,
    full_reads TEXT NOT NULL)`,
  // What entries from this place of the outbox on were made upon: the first transaction that was not over then.
  'CREATE TABLE IF NOT EXISTS hf_floor (seq INTEGER PRIMARY KEY, floor TEXT NOT NULL)',
  // Collections that a first sync shows before it ends.
  'CREATE TABLE IF NOT EXISTS hf_early (collection TEXT PRIMARY KEY) WITHOUT ROWID',
  // One row: the number of the newest exchange and of the last one that came to its end; the last token that
  // a refresh brought, for all tabs.
  `CREATE TABLE IF NOT EXISTS hf_link (
    one INTEGER PRIMARY KEY CHECK (one = 1), fence INTEGER NOT NULL, ended INTEGER NOT NULL,
    token_number INTEGER NOT NULL, token TEXT)`,
  // Bytes on the wire, by day since 1970.
  'CREATE TABLE IF NOT EXISTS hf_traffic (day INTEGER PRIMARY KEY, sent INTEGER NOT NULL, received INTEGER NOT NULL)',
  // Who changed or lost which value, when, by which rule, with both values; and what a person decided about an entry.
  `CREATE TABLE IF NOT EXISTS hf_audit (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, mutation TEXT, user TEXT, collection TEXT NOT NULL,
    record TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS hf_audit_record ON hf_audit (collection, record)',
  'CREATE INDEX IF NOT EXISTS hf_audit_user ON hf_audit (user)',
  // CF6: records where a higher rank's value stands instead of one written here, until a person has seen it.
  `CREATE TABLE IF NOT EXISTS hf_overridden (
    collection TEXT NOT NULL, record TEXT NOT NULL, at INTEGER NOT NULL, by TEXT, mine TEXT NOT NULL,
    kept TEXT NOT NULL, PRIMARY KEY (collection, record)) WITHOUT ROWID`,
] as const;

/** Columns that tables of ours got after they were first made: an older store is given them before anything
 * else, with the value that its rows had all the while. */
export const LATER_COLUMNS: readonly (readonly [table: string, column: string, declaration: string, value?: string])[] =
  [
    ['hf_outbox_ref', 'command', 'INTEGER NOT NULL DEFAULT 0'],
    ['hf_sent', 'seq', 'INTEGER NOT NULL DEFAULT 0', "json_extract(content, '$.seq')"],
    ['hf_audit', 'user', 'TEXT'],
  ];

/** The statement that gives a collection's table a column it does not have yet. */
export function addColumnSql(collection: Collection, column: Column): string {
  return `ALTER TABLE ${quote(collection.name)} ADD COLUMN ${quote(column.name)} ${SQL_TYPES[column.kind]}`;
}

/** What a store's tables are made by: another text means that something has to be made. */
export function layoutOf(schema: Schema): string {
  return storeTables(schema).join(';\n');
}

/** Everything a new store is made of. */
export function storeTables(schema: Schema): string[] {
  return [...ENGINE_TABLES, ...collectionTables(schema)];
}
