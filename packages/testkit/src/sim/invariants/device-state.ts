import type { Json, Receipt, Scope, Snapshot } from '@holdfast/core';
import type { EntryState, SqlRow } from '@holdfast/device';
import type { Values } from '../shadow.ts';
import type { SimDevice } from '../sim-device.ts';
import { schemaOf } from '../sim-schema.ts';

/** What stands on a device's disk, read past all of the engine's own code. */
export interface DeviceState {
  /** Null before the first checkpoint, and while everything is read again. */
  readonly cursor: { readonly snapshot: Snapshot; readonly scopes: readonly Scope[] } | null;
  readonly epoch: string | null;
  readonly entries: readonly EntryRow[];
  /** What queries find, by `collection/id`. */
  readonly visible: ReadonlyMap<string, Values>;
  /** What the device takes for the server's. */
  readonly confirmed: ReadonlyMap<string, Values>;
  /** Version and scopes of each record held. */
  readonly held: ReadonlyMap<string, { readonly version: string; readonly scopes: readonly string[] }>;
  /** Of these the device has no content of the server's, or an older one: they are too old for it (SY14). */
  readonly bare: ReadonlySet<string>;
  readonly staged: number;
}

export interface EntryRow {
  readonly seq: number;
  readonly id: string;
  readonly transaction: string;
  readonly kind: string;
  readonly address: string;
  readonly body: Readonly<Record<string, Json>>;
  /** It may have left this device. */
  readonly sent: boolean;
  readonly state: EntryState;
}

/** Null while a transaction is under way, or before there is a store. */
export function readDevice(sim: SimDevice): DeviceState | null {
  const { storage } = sim.disk;
  const tables = storage.look(`SELECT name FROM sqlite_master WHERE type = 'table'`);
  if (tables === null || !tables.some(({ name }) => name === 'hf_cursor')) return null;
  const look = (sql: string): readonly SqlRow[] => storage.look(sql) ?? [];
  const entries = look(
    'SELECT seq, id, txn, kind, collection, record, body, sent, state FROM hf_outbox ORDER BY seq',
  ).map(entryOf);
  const [cursor] = look('SELECT epoch, snapshot, scopes FROM hf_cursor');
  const visible = new Map<string, Values>();
  const here = new Set(tables.map(({ name }) => name));
  for (const collection of schemaOf(sim.version).collections.values()) {
    if (!here.has(collection.name)) continue;
    const json = collection.columns.filter(({ kind }) => kind === 'json').map(({ name }) => name);
    for (const { id, ...row } of look(`SELECT * FROM "${collection.name}"`)) {
      const values: Record<string, Json> = {};
      for (const [field, value] of Object.entries(row)) {
        values[field] = json.includes(field) ? (JSON.parse(String(value)) as Json) : (value as Json);
      }
      visible.set(`${collection.name}/${String(id)}`, values);
    }
  }
  const held = new Map(
    look('SELECT collection, id, version, scopes FROM hf_record').map((row) => [
      `${String(row['collection'])}/${String(row['id'])}`,
      { version: String(row['version']), scopes: JSON.parse(String(row['scopes'])) as string[] },
    ]),
  );
  const copies = new Map(
    look('SELECT collection, id, fields FROM hf_confirmed').map((row) => [
      `${String(row['collection'])}/${String(row['id'])}`,
      JSON.parse(String(row['fields'])) as Values,
    ]),
  );
  const dirty = new Set(entries.map(({ address }) => address));
  const confirmed = new Map<string, Values>();
  for (const address of held.keys()) {
    const values = dirty.has(address) ? copies.get(address) : visible.get(address);
    if (values !== undefined) confirmed.set(address, values);
  }
  return {
    cursor:
      typeof cursor?.['snapshot'] === 'string'
        ? { snapshot: cursor['snapshot'] as Snapshot, scopes: JSON.parse(String(cursor['scopes'])) as Scope[] }
        : null,
    epoch: typeof cursor?.['epoch'] === 'string' ? cursor['epoch'] : null,
    entries,
    visible,
    confirmed,
    held,
    bare: new Set(
      (here.has('hf_retained') ? look(`SELECT collection, id FROM hf_retained WHERE content <> 'here'`) : []).map(
        (row) => `${String(row['collection'])}/${String(row['id'])}`,
      ),
    ),
    staged: look('SELECT seq FROM hf_stage').length,
  };
}

function entryOf(row: SqlRow): EntryRow {
  return {
    seq: Number(row['seq']),
    id: String(row['id']),
    transaction: String(row['txn']),
    kind: String(row['kind']),
    address: `${String(row['collection'])}/${String(row['record'])}`,
    body: JSON.parse(String(row['body'])) as Record<string, Json>,
    sent: row['sent'] === 1,
    state: JSON.parse(String(row['state'])) as EntryState,
  };
}

/** The receipt that an entry's state holds, if it does. */
export function receiptOf(state: EntryState): Receipt | null {
  return 'receipt' in state ? state.receipt : null;
}
