import {
  type Epoch,
  type Json,
  type MutationId,
  mintEpoch,
  type Position,
  type RecordState,
  type Schema,
  type Scope,
  type Snapshot,
  STAMP_ZERO,
  type Stamp,
  sameJson,
  stampAfter,
  stampOf,
} from '@holdfast/core';
import { type ImportRow, recordKey, type ServerStore, type StampedChange } from '../store/server-store.ts';
import { Deadlock, LockTable } from './lock-table.ts';
import { backUp, type MemoryBackup, tablesFrom } from './memory-backup.ts';
import { readMemory } from './memory-feed.ts';
import { MemoryTables } from './memory-tables.ts';
import { MemoryTransaction, type RowCheck } from './memory-transaction.ts';
import { positionOf, TransactionLog } from './transaction-log.ts';

export interface MemoryStoreOptions {
  readonly schema: Schema;
  /** Given, or minted from `clock` and `random`. */
  readonly epoch?: Epoch;
  /** Stamps what is imported; without one imported rows are older than everything a device writes. */
  readonly clock?: { now(): number };
  readonly random?: { bytes(length: number): Uint8Array };
  /** What a constraint of the app's own tables would refuse; the reason, or null. */
  readonly check?: RowCheck;
  /** Runs when a transaction is done but for its commit: holds it open while others commit, or fails it. */
  readonly beforeCommit?: () => Promise<void>;
  /** Told of every commit in the same step, in their order; if it throws, nothing of the transaction is there. */
  readonly onCommit?: (position: Position, changed: readonly CommittedRecord[]) => void;
  /** What to begin with; `backup` of another store gave it. Under the same epoch it is the same server started again. */
  readonly backup?: MemoryBackup;
}

/** What a commit made of a record. */
export interface CommittedRecord {
  readonly collection: string;
  readonly id: string;
  readonly state: RecordState;
}

export interface MemoryStore extends ServerStore {
  /** All that is committed now. */
  backup(): MemoryBackup;
}

const ATTEMPTS = 100;

/**
 * A `ServerStore` in memory, with what the promises of the port rest on: numbered transactions of which
 * several are open at once, snapshots, locks that wait, circles of waiting that are undone and repeated,
 * effects unseen until the commit. Without timers and, but for what is passed in, without clock or
 * chance: the same calls in the same order give the same answers.
 */
export function memoryStore(options: MemoryStoreOptions): MemoryStore {
  const { schema, clock } = options;
  const mint = (after: Epoch | null) =>
    mintEpoch(clock?.now() ?? 0, options.random?.bytes(4) ?? new Uint8Array(4), after);
  let epoch = options.epoch ?? mint(null);
  let began: Snapshot | null = null;
  let durable: Snapshot | null = null;
  const tables = options.backup === undefined ? new MemoryTables(schema) : tablesFrom(options.backup, schema);
  const locks = new LockTable();
  const log = new TransactionLog(options.backup?.next);
  const listeners = new Set<(scopes: readonly Scope[]) => void>();

  async function once<T>(work: (tx: MemoryTransaction) => Promise<T>): Promise<T> {
    const xid = log.begin();
    let result: T;
    let news: readonly Scope[];
    try {
      const tx = new MemoryTransaction({
        xid,
        tables,
        locks,
        epoch: () => epoch,
        check: options.check ?? (() => null),
        nowMs: clock?.now() ?? 0,
        oldest: () => log.oldest(),
      });
      result = await work(tx);
      await options.beforeCommit?.();
      options.onCommit?.(positionOf(xid), tx.changed());
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
    backup: () => backUp(tables, log.next),
    get epoch() {
      return epoch;
    },
    transaction: run,
    async read(request) {
      const horizon = snapshotAt(tables.horizon);
      const read = readMemory(tables, request);
      const shownIn = tables.shownIn(read.receipts);
      return { snapshot: log.snapshot(), epoch, horizon, durable, shownIn, ...read };
    },
    newEpoch() {
      return run(async (tx) => {
        await tx.holdEpoch('exclusive');
        epoch = mint(epoch);
        began = null;
        durable = null;
        tables.restamp(tx.xid);
        return epoch;
      });
    },
    async backupBegins() {
      began = log.snapshot();
      return began;
    },
    async backupDone() {
      durable = began ?? durable;
      return began;
    },
    async compact(seenSinceMs) {
      const forgotten = tables.compact(log.oldest(), seenSinceMs);
      return { ...forgotten, horizon: snapshotAt(tables.horizon) };
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
    async readAudit(request) {
      return tables.ledger.readAudit(request);
    },
    async readOverridden(request) {
      const allowed = new Set(request.scopes);
      return tables.ledger.readOverridden(request, (collection, id) => {
        const record = tables.records.get(recordKey(collection, id));
        if (record === undefined) return false;
        const { content, scopes } = record;
        return (content.state.deleted === null ? scopes : content.lastScopes).some((scope) => allowed.has(scope));
      });
    },
    async readBay(request) {
      return tables.ledger.readBay(request);
    },
    async findInBay(mutation) {
      return tables.ledger.findInBay(mutation);
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

function snapshotAt(end: number | null): Snapshot | null {
  return end === null ? null : (`${end}:${end}:` as Snapshot);
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
