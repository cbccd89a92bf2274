import {
  type Collection,
  type DeviceId,
  type MutationId,
  must,
  type Receipt,
  type RecordState,
  type Schema,
  type Scope,
  scopesOf,
  type UserId,
} from '@holdfast/core';
import { recordKey, type StoredApplied } from '../store/server-store.ts';
import { MemoryLedger } from './memory-ledger.ts';
import type { FeedEntry, MemoryRecord, RecordContent } from './memory-record.ts';
import { ScopeFeed } from './scope-feed.ts';
import { positionOf } from './transaction-log.ts';

/** Whose a device is, when it was seen last, and the oldest transaction that it may not have read. */
export interface MetDevice {
  readonly user: UserId;
  readonly seenAt: number;
  readonly floor: number;
}

/** What has been committed. Only a commit changes it, in one go. */
export class MemoryTables {
  readonly schema: Schema;
  readonly records = new Map<string, MemoryRecord>();
  readonly applied = new Map<MutationId, StoredApplied>();
  /** For each mutation the rows that resolve it. */
  readonly heirs = new Map<MutationId, MutationId[]>();
  readonly devices = new Map<DeviceId, MetDevice>();
  /** Tombstones below this transaction are forgotten. */
  horizon: number | null = null;
  readonly feeds = new Map<Scope, ScopeFeed>();
  /** The receipts each device has not acknowledged. */
  readonly receipts = new Map<DeviceId, Map<MutationId, StoredApplied>>();
  readonly ledger: MemoryLedger;
  readonly #children = new Map<string, Set<string>>();

  constructor(schema: Schema, ledger = new MemoryLedger()) {
    this.schema = schema;
    this.ledger = ledger;
  }

  childrenOf(parent: string): Iterable<string> {
    return this.#children.get(parent) ?? [];
  }

  addApplied(row: StoredApplied): void {
    const before = this.applied.get(row.id);
    if (before !== undefined) this.receipts.get(before.device)?.delete(before.id);
    this.applied.set(row.id, row);
    for (const target of row.resolves) {
      const heirs = this.heirs.get(target);
      if (heirs === undefined) this.heirs.set(target, [row.id]);
      else heirs.push(row.id);
    }
    let open = this.receipts.get(row.device);
    if (open === undefined) {
      open = new Map();
      this.receipts.set(row.device, open);
    }
    open.set(row.id, row);
  }

  /** The scopes of the records that these receipts are about. */
  shownIn(receipts: readonly Receipt[]): ReadonlyMap<MutationId, readonly Scope[]> {
    const shown = new Map<MutationId, readonly Scope[]>();
    for (const { id } of receipts) {
      const row = this.applied.get(id);
      const record = row === undefined ? undefined : this.records.get(recordKey(row.collection, row.record));
      if (record === undefined) continue;
      shown.set(id, record.content.state.deleted === null ? record.scopes : record.content.lastScopes);
    }
    return shown;
  }

  acknowledge(device: DeviceId, id: MutationId): void {
    const row = this.applied.get(id);
    if (row === undefined || row.device !== device) return;
    this.receipts.get(device)?.delete(id);
    this.applied.set(id, { ...row, receipt: withoutBody(row.receipt) });
  }

  /** Every position becomes that of one transaction: of the older ones nothing can be said any more. */
  restamp(xid: number): void {
    const position = positionOf(xid);
    for (const record of this.records.values()) {
      const changedIn = Object.fromEntries(Object.keys(record.content.changedIn).map((field) => [field, position]));
      const deletedIn = record.content.deletedIn === null ? null : xid;
      record.content = { ...record.content, createdIn: xid, changedIn, deletedIn };
      for (const entry of record.feed.values()) {
        entry.entered = xid;
        entry.xid = xid;
        this.feeds.get(entry.scope)?.touch(entry);
      }
    }
    for (const [id, row] of this.applied) {
      const moved = { ...row, position, receipt: { ...row.receipt, position } };
      this.applied.set(id, moved);
      const open = this.receipts.get(row.device);
      if (open?.has(id)) open.set(id, moved);
    }
    for (const [id, met] of this.devices) this.devices.set(id, { ...met, floor: xid });
    this.horizon = null;
  }

  /** Forgets the tombstones that nobody needs any more: below every floor, and all that is under way. */
  compact(oldest: number, seenSinceMs: number): { rows: number; records: number } {
    const active = [...this.devices.values()].filter(({ seenAt }) => seenAt >= seenSinceMs);
    const bound = Math.min(oldest, ...active.map(({ floor }) => floor));
    const gone: number[] = [];
    let [rows, records] = [0, 0];
    for (const record of this.records.values()) {
      for (const [scope, entry] of record.feed) {
        if (entry.present || entry.xid >= bound) continue;
        this.feeds.get(scope)?.forget(entry);
        record.feed.delete(scope);
        gone.push(entry.xid);
        rows += 1;
      }
      const { state, deletedIn } = record.content;
      if (state.deleted === null || deletedIn === null || deletedIn >= bound) continue;
      if (Object.keys(state.values).length === 0) continue;
      record.content = { ...record.content, lastScopes: [], state: { ...state, values: {}, marks: {} } };
      gone.push(deletedIn);
      records += 1;
    }
    if (gone.length > 0) this.horizon = Math.max(this.horizon ?? 0, ...gone.map((xid) => xid + 1));
    return { rows, records };
  }

  /**
   * Takes over what a transaction made of these records and moves what inherits scopes from them.
   * Gives the scopes with news.
   */
  commit(xid: number, changed: ReadonlyMap<string, RecordContent & { collection: string; id: string }>): Set<Scope> {
    const news = new Set<Scope>();
    for (const [key, { collection, id, ...content }] of changed) {
      let record = this.records.get(key);
      if (record === undefined) {
        record = { collection, id, content, scopes: [], feed: new Map(), parents: [] };
        this.records.set(key, record);
      }
      record.content = content;
      this.#adopt(key, record);
    }
    const moved: string[] = [];
    for (const key of changed.keys()) if (this.#place(xid, key, true, news)) moved.push(key);
    for (const key of moved) {
      for (const child of this.childrenOf(key)) if (!changed.has(child)) this.#place(xid, child, false, news);
    }
    return news;
  }

  /** A record as a backup holds it; its entries of the feed come after. */
  putBack(collection: string, id: string, content: RecordContent): void {
    const record: MemoryRecord = { collection, id, content, scopes: [], feed: new Map(), parents: [] };
    this.records.set(recordKey(collection, id), record);
    this.#adopt(recordKey(collection, id), record);
  }

  /** In the order in which the entries of a scope last changed. */
  putBackEntry(key: string, scope: Scope, as: Pick<FeedEntry, 'present' | 'entered' | 'xid'>): void {
    const record = must(this.records.get(key), key);
    const entry: FeedEntry = { record, scope, turn: 0, ...as };
    record.feed.set(scope, entry);
    if (entry.present) record.scopes = [...record.scopes, scope].sort();
    this.#feedOf(scope).touch(entry);
  }

  #adopt(key: string, record: MemoryRecord): void {
    const parents = parentsOf(this.schema, record.collection, record.content.state);
    if (parents.length === 0 && record.parents.length === 0) return;
    for (const parent of record.parents) this.#children.get(parent)?.delete(key);
    for (const parent of parents) {
      const children = this.#children.get(parent);
      if (children === undefined) this.#children.set(parent, new Set([key]));
      else children.add(key);
    }
    record.parents = parents;
  }

  /**
   * Brings a record's feed entries to where it is now; tells whether its scopes changed. `content`: it
   * changed itself, not only its parent.
   */
  #place(xid: number, key: string, content: boolean, news: Set<Scope>): boolean {
    const record = this.records.get(key);
    if (record === undefined) return false;
    const scopes = livingScopes(this.schema, record.collection, record.id, record.content.state, (parent) => {
      return this.records.get(parent)?.content.state ?? null;
    });
    const now = new Set(scopes);
    const reborn = record.content.createdIn === xid;
    for (const entry of record.feed.values()) {
      if (!entry.present || now.has(entry.scope)) continue;
      entry.present = false;
      this.#touch(xid, entry, news);
    }
    for (const scope of scopes) {
      let entry = record.feed.get(scope);
      if (entry === undefined) {
        entry = { record, scope, present: false, entered: xid, xid, turn: 0 };
        record.feed.set(scope, entry);
      }
      const enters = !entry.present || (reborn && entry.entered !== xid);
      if (!enters && !content) continue;
      if (enters) entry.entered = xid;
      entry.present = true;
      this.#touch(xid, entry, news);
    }
    const moved = scopes.length !== record.scopes.length || record.scopes.some((scope) => !now.has(scope));
    record.scopes = scopes;
    return moved;
  }

  #touch(xid: number, entry: FeedEntry, news: Set<Scope>): void {
    entry.xid = xid;
    this.#feedOf(entry.scope).touch(entry);
    news.add(entry.scope);
  }

  #feedOf(scope: Scope): ScopeFeed {
    let feed = this.feeds.get(scope);
    if (feed === undefined) {
      feed = new ScopeFeed();
      this.feeds.set(scope, feed);
    }
    return feed;
  }
}

/** The scopes of a record as it is; none once it is deleted. */
export function livingScopes(
  schema: Schema,
  collection: string,
  id: string,
  state: RecordState,
  stateOf: (key: string) => RecordState | null,
): readonly Scope[] {
  const found = schema.collections.get(collection);
  if (found === undefined || state.deleted !== null) return [];
  return scopesOf(schema, found, id, state.values, (target, parent) => {
    const from = stateOf(recordKey(target, parent));
    return from === null || from.deleted !== null ? null : from.values;
  });
}

/** `recordKey` of the records whose scopes this one takes over. */
export function parentsOf(schema: Schema, collection: string, state: RecordState): readonly string[] {
  const found: Collection | undefined = schema.collections.get(collection);
  if (found === undefined || found.inherits.length === 0) return [];
  return found.inherits.flatMap(({ field, collection: target }) => {
    const id = state.values[field];
    return typeof id === 'string' ? [recordKey(target, id)] : [];
  });
}

/** The outcome stays for ever; what explains it goes once the device has it. */
function withoutBody(receipt: StoredApplied['receipt']): StoredApplied['receipt'] {
  switch (receipt.outcome) {
    case 'applied': {
      const { result: _, ...rest } = receipt;
      return rest;
    }
    case 'merged':
      return { ...receipt, lost: [] };
    case 'conflict':
      return { ...receipt, sides: null };
    case 'refused':
      return { ...receipt, detail: null };
    default:
      return receipt;
  }
}
