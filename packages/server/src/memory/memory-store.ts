import {
  type Cursor,
  type Epoch,
  type Json,
  type MutationId,
  mintEpoch,
  type RecordState,
  type Schema,
  type Scope,
  STAMP_ZERO,
  type Stamp,
  sameJson,
  stampAfter,
  stampOf,
} from '@holdfast/core';
import {
  type FeedRead,
  type FeedRequest,
  type FeedRow,
  type ImportRow,
  recordKey,
  type ServerStore,
  type StampedChange,
} from '../store/server-store.ts';
import { Deadlock, LockTable } from './lock-table.ts';
import type { FeedEntry } from './memory-record.ts';
import { MemoryTables } from './memory-tables.ts';
import { MemoryTransaction, type RowCheck } from './memory-transaction.ts';
import { positionOf, seenBy, TransactionLog } from './transaction-log.ts';

export interface MemoryStoreOptions {
  readonly schema: Schema;
  /** Given, or minted from `clock` and `random`. */
  readonly epoch?: Epoch;
  /** Stamps what is imported; without one imported rows are older than everything a device writes. */
  readonly clock?: { now(): number };
  readonly random?: { bytes(length: number): Uint8Array };
  /** What a constraint of the app's own tables would refuse; the reason, or null. */
  readonly check?: RowCheck;
  /** Runs when a transaction is done but for its commit: holds it open while others commit. */
  readonly beforeCommit?: () => Promise<void>;
}

const ATTEMPTS = 100;

/**
 * A `ServerStore` in memory, with what the promises of the port rest on: numbered transactions of which
 * several are open at once, snapshots, locks that wait, circles of waiting that are undone and repeated,
 * effects unseen until the commit. Without timers and, but for what is passed in, without clock or
 * chance: the same calls in the same order give the same answers.
 */
export function memoryStore(options: MemoryStoreOptions): ServerStore {
  const { schema, clock } = options;
  const epoch = options.epoch ?? mintEpoch(clock?.now() ?? 0, options.random?.bytes(4) ?? new Uint8Array(4), null);
  const tables = new MemoryTables(schema);
  const locks = new LockTable();
  const log = new TransactionLog();
  const listeners = new Set<(scopes: readonly Scope[]) => void>();

  async function once<T>(work: (tx: MemoryTransaction) => Promise<T>): Promise<T> {
    const xid = log.begin();
    let result: T;
    let news: readonly Scope[];
    try {
      const tx = new MemoryTransaction(xid, tables, locks, epoch, options.check ?? (() => null));
      result = await work(tx);
      await options.beforeCommit?.();
      news = [...tx.commit()];
    } finally {
      log.end(xid);
      locks.releaseAll(xid);
    }
    if (news.length > 0) for (const listener of listeners) listener(news);
    return result;
  }

  async function run<T>(work: (tx: MemoryTransaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(work);
      } catch (error) {
        if (!(error instanceof Deadlock) || attempt >= ATTEMPTS) throw error;
      }
    }
  }

  return {
    kind: 'memory',
    epoch,
    transaction: run,
    async read(request) {
      const snapshot = log.snapshot();
      const seen = request.since === null ? null : seenBy(request.since.snapshot);
      const receipts = [...(tables.receipts.get(request.device)?.values() ?? [])]
        .filter((row) => !seen?.(Number(row.position)))
        .map((row) => row.receipt);
      return { snapshot, receipts, ...readFeed(tables, request) };
    },
    async importRows(collection, rows) {
      await run(async (tx) => {
        for (const row of [...rows].sort((a, b) => (a.id < b.id ? -1 : 1))) {
          await tx.lockForImport(collection, row.id, row.values);
          await importRow(tx, collection, row, clock ? stampOf(clock.now(), 0) : STAMP_ZERO);
        }
      });
    },
    async counts() {
      const counts = Object.fromEntries([...schema.collections.keys()].map((name) => [name, 0]));
      for (const { collection, content } of tables.records.values()) {
        if (content.state.deleted === null) counts[collection] = (counts[collection] ?? 0) + 1;
      }
      return counts;
    },
    onNews(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      listeners.clear();
    },
  };
}

/** Only what differs is written, with a stamp above the field's, so that it is the later change. */
async function importRow(tx: MemoryTransaction, collection: string, row: ImportRow, now: Stamp): Promise<void> {
  const prior = tx.stateOf(recordKey(collection, row.id));
  if (prior === null || prior.deleted !== null) {
    const stamp = prior?.deleted ? laterOf(now, stampAfter(prior.deleted.stamp)) : now;
    await tx.importRows(collection, 'insert', [{ id: row.id, changes: [change(row.values, stamp)] }]);
    return;
  }
  const differing = Object.entries(row.values).filter(([field, value]) => differs(prior, field, value));
  if (differing.length === 0) return;
  const marks = differing.map(([field]) => prior.marks[field]?.stamp ?? prior.created.stamp).sort();
  const stamp = laterOf(now, stampAfter(marks.at(-1) ?? STAMP_ZERO));
  await tx.importRows(collection, 'update', [{ id: row.id, changes: [change(Object.fromEntries(differing), stamp)] }]);
}

function change(values: Readonly<Record<string, Json>>, stamp: Stamp): StampedChange {
  return { values, stamp, tie: '' as MutationId };
}

function differs(prior: RecordState, field: string, value: Json): boolean {
  return !sameJson(prior.values[field] ?? null, value);
}

function laterOf(a: Stamp, b: Stamp): Stamp {
  return a > b ? a : b;
}

type Placed = { readonly place: number; readonly entry: FeedEntry };

function readFeed(tables: MemoryTables, request: FeedRequest): Pick<FeedRead, 'rows' | 'more'> {
  const { since, after, limit } = request;
  const place = new Map(request.collections.map((name, index) => [name, index]));
  const found: Placed[] = [];
  for (const entry of entriesOf(tables, new Set(request.scopes), since)) {
    const at = place.get(entry.record.collection);
    if (at !== undefined && (after === null || isAfter(at, entry, after))) found.push({ place: at, entry });
  }
  found.sort(byPlace);
  return { rows: found.slice(0, limit).map(({ entry }) => feedRow(entry)), more: found.length > limit };
}

function* entriesOf(tables: MemoryTables, scopes: ReadonlySet<Scope>, since: Cursor | null): Iterable<FeedEntry> {
  const held = new Set(since?.scopes);
  const seen = since === null ? () => false : seenBy(since.snapshot);
  for (const scope of scopes) {
    const feed = tables.feeds.get(scope);
    if (feed !== undefined) yield* held.has(scope) ? feed.changes(seen) : feed.present();
  }
}

function isAfter(
  place: number,
  { scope, record }: FeedEntry,
  [at, atScope, atId]: readonly [number, string, string],
): boolean {
  if (place !== at) return place > at;
  return scope !== atScope ? scope > atScope : record.id > atId;
}

function byPlace(a: Placed, b: Placed): number {
  if (a.place !== b.place) return a.place - b.place;
  if (a.entry.scope !== b.entry.scope) return a.entry.scope < b.entry.scope ? -1 : 1;
  return a.entry.record.id < b.entry.record.id ? -1 : 1;
}

function feedRow({ record, scope, present, entered }: FeedEntry): FeedRow {
  const { content } = record;
  return {
    scope,
    collection: record.collection,
    id: record.id,
    present,
    entered: positionOf(entered),
    version: content.state.version,
    values: present ? content.state.values : null,
    changedIn: content.changedIn,
    createdIn: positionOf(content.createdIn),
    stamp: content.stamp,
  };
}
