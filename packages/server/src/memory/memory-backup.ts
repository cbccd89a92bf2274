import type { DeviceId, MutationId, Scope } from '@holdfast/core';
import { recordKey, type StoredApplied } from '../store/server-store.ts';
import type { MemoryLedger } from './memory-ledger.ts';
import type { FeedEntry, RecordContent } from './memory-record.ts';
import { MemoryTables, type MetDevice } from './memory-tables.ts';

/** All that was committed at one moment, and the number of the next transaction then. */
export interface MemoryBackup {
  readonly next: number;
  readonly records: readonly { readonly collection: string; readonly id: string; readonly content: RecordContent }[];
  /** Scope by scope, in the order of the commits. */
  readonly feeds: readonly (readonly [Scope, readonly EntryCopy[]])[];
  readonly applied: readonly StoredApplied[];
  readonly devices: readonly (readonly [DeviceId, MetDevice])[];
  readonly horizon: number | null;
  /** Audit and bay. */
  readonly ledger: MemoryLedger;
  /** The receipts that were not acknowledged, device by device. */
  readonly receipts: readonly (readonly [DeviceId, readonly MutationId[]])[];
}

type EntryCopy = Pick<FeedEntry, 'present' | 'entered' | 'xid'> & { readonly key: string };

export function backUp(tables: MemoryTables, next: number): MemoryBackup {
  return {
    next,
    records: [...tables.records.values()].map(({ collection, id, content }) => ({ collection, id, content })),
    feeds: [...tables.feeds].map(([scope, feed]) => [
      scope,
      [...feed.inOrder()].map(({ record, present, entered, xid }) => {
        return { key: recordKey(record.collection, record.id), present, entered, xid };
      }),
    ]),
    applied: [...tables.applied.values()],
    devices: [...tables.devices],
    horizon: tables.horizon,
    ledger: tables.ledger.copy(),
    receipts: [...tables.receipts].map(([device, open]) => [device, [...open.keys()]]),
  };
}

/** Tables with all that a backup holds. A field that the schema has gained since has no value yet: null. */
export function tablesFrom(backup: MemoryBackup, schema: MemoryTables['schema']): MemoryTables {
  const tables = new MemoryTables(schema, backup.ledger.copy());
  for (const { collection, id, content } of backup.records) {
    const columns = schema.collections.get(collection)?.columns ?? [];
    const missing = columns.filter(({ name }) => !Object.hasOwn(content.state.values, name));
    const values = { ...content.state.values, ...Object.fromEntries(missing.map(({ name }) => [name, null])) };
    tables.putBack(collection, id, { ...content, state: { ...content.state, values } });
  }
  for (const [scope, entries] of backup.feeds) {
    for (const { key, ...entry } of entries) tables.putBackEntry(key, scope, entry);
  }
  const open = new Map(backup.receipts.map(([device, ids]) => [device, new Set(ids)]));
  for (const row of backup.applied) {
    tables.addApplied(row);
    if (open.get(row.device)?.has(row.id) !== true) tables.receipts.get(row.device)?.delete(row.id);
  }
  for (const [device, met] of backup.devices) tables.devices.set(device, met);
  tables.horizon = backup.horizon;
  return tables;
}
