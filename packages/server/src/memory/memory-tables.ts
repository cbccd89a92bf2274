import {
  type Collection,
  type DeviceId,
  type MutationId,
  type RecordState,
  type Schema,
  type Scope,
  scopesOf,
  type UserId,
} from '@holdfast/core';
import { recordKey, type StoredApplied } from '../store/server-store.ts';
import type { FeedEntry, MemoryRecord, RecordContent } from './memory-record.ts';
import { ScopeFeed } from './scope-feed.ts';

/** What has been committed. Only a commit changes it, in one go. */
export class MemoryTables {
  readonly schema: Schema;
  readonly records = new Map<string, MemoryRecord>();
  readonly applied = new Map<MutationId, StoredApplied>();
  /** For each mutation the rows that resolve it. */
  readonly heirs = new Map<MutationId, MutationId[]>();
  readonly devices = new Map<DeviceId, UserId>();
  readonly feeds = new Map<Scope, ScopeFeed>();
  /** The receipts each device has not acknowledged. */
  readonly receipts = new Map<DeviceId, Map<MutationId, StoredApplied>>();
  readonly #children = new Map<string, Set<string>>();

  constructor(schema: Schema) {
    this.schema = schema;
  }

  childrenOf(parent: string): Iterable<string> {
    return this.#children.get(parent) ?? [];
  }

  addApplied(row: StoredApplied): void {
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

  acknowledge(device: DeviceId, id: MutationId): void {
    const row = this.applied.get(id);
    if (row === undefined || row.device !== device) return;
    this.receipts.get(device)?.delete(id);
    this.applied.set(id, { ...row, receipt: withoutBody(row.receipt) });
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
    let feed = this.feeds.get(entry.scope);
    if (feed === undefined) {
      feed = new ScopeFeed();
      this.feeds.set(entry.scope, feed);
    }
    feed.touch(entry);
    news.add(entry.scope);
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
