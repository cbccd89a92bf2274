import {
  type DeviceId,
  type Epoch,
  err,
  type Json,
  type MutationId,
  must,
  ok,
  type Position,
  type RecordState,
  type Result,
  type Scope,
  type Snapshot,
  type Stamp,
  type UserId,
} from '@holdfast/core';
import { nextState, nextVersion } from '../store/next-state.ts';
import {
  type ApplyProblem,
  type Effects,
  type Loaded,
  type LoadedRecord,
  type LoadRequest,
  type RecordBatch,
  recordKey,
  type ServerTransaction,
  type StampedChange,
  type StoredApplied,
} from '../store/server-store.ts';
import type { LockTable } from './lock-table.ts';
import type { RecordContent } from './memory-record.ts';
import { livingScopes, type MemoryTables, type MetDevice, parentsOf } from './memory-tables.ts';
import { positionOf } from './transaction-log.ts';

/** What a constraint of the database would say to a row: the reason to refuse it, or null. */
export type RowCheck = (collection: string, id: string, values: Readonly<Record<string, Json>>) => string | null;

export interface MemoryTransactionParts {
  readonly xid: number;
  readonly tables: MemoryTables;
  readonly locks: LockTable;
  /** The epoch in force. */
  readonly epoch: () => Epoch;
  readonly check: RowCheck;
  readonly nowMs: number;
  /** The oldest transaction under way. */
  readonly oldest: () => number;
}

export type Draft = RecordContent & { collection: string; id: string };

type Row = RecordBatch['rows'][number];

/** One transaction: reads what is committed and its own, writes only its own until it commits. */
export class MemoryTransaction implements ServerTransaction {
  readonly xid: number;
  readonly #tables: MemoryTables;
  readonly #locks: LockTable;
  readonly #epoch: () => Epoch;
  readonly #check: RowCheck;
  readonly #nowMs: number;
  readonly #oldest: () => number;
  #drafts = new Map<string, Draft>();
  readonly #applied = new Map<MutationId, StoredApplied>();
  readonly #effects: Effects[] = [];
  readonly #acknowledged: [DeviceId, MutationId][] = [];
  readonly #devices = new Map<DeviceId, MetDevice>();

  constructor({ xid, tables, locks, epoch, check, nowMs, oldest }: MemoryTransactionParts) {
    this.xid = xid;
    this.#tables = tables;
    this.#locks = locks;
    this.#epoch = epoch;
    this.#check = check;
    this.#nowMs = nowMs;
    this.#oldest = oldest;
  }

  /** No epoch begins while others hold it; whoever begins one holds it alone. */
  async holdEpoch(mode: 'shared' | 'exclusive'): Promise<void> {
    await this.#lock('epoch', mode);
  }

  async meetDevice(device: DeviceId, user: UserId, floor?: Snapshot | null): Promise<'known' | 'taken'> {
    if (!this.#tables.devices.has(device)) await this.#lock(`device/${device}`, 'exclusive');
    const met = this.#tables.devices.get(device);
    if (met !== undefined && met.user !== user) return 'taken';
    this.#devices.set(device, {
      user,
      seenAt: this.#nowMs,
      floor: floor === undefined && met !== undefined ? met.floor : floorAt(floor, this.#oldest()),
    });
    return 'known';
  }

  async load({ ids, records, parents }: LoadRequest): Promise<Loaded> {
    await this.holdEpoch('shared');
    const wanted = new Map<string, 'shared' | 'exclusive'>();
    for (const { collection, id } of parents) wanted.set(recordKey(collection, id), 'shared');
    for (const { collection, id } of records) wanted.set(recordKey(collection, id), 'exclusive');
    await this.#lockAll(wanted);
    const inherited = new Map<string, 'shared'>();
    for (const { collection, id } of records) {
      const found = this.#tables.records.get(recordKey(collection, id));
      for (const parent of found?.parents ?? []) if (!wanted.has(parent)) inherited.set(parent, 'shared');
    }
    await this.#lockAll(inherited);
    const loaded = new Map<string, LoadedRecord>();
    for (const key of [...wanted.keys(), ...inherited.keys()]) {
      const record = this.#tables.records.get(key);
      if (record === undefined) continue;
      loaded.set(key, {
        state: record.content.state,
        scopes: record.scopes,
        lastScopes: record.content.lastScopes,
      });
    }
    return { epoch: this.#epoch(), records: loaded, applied: this.#lookUp(ids) };
  }

  #lookUp(ids: readonly MutationId[]): ReadonlyMap<MutationId, StoredApplied> {
    const found = new Map<MutationId, StoredApplied>();
    const asked = new Set(ids);
    // Grows while it is walked: the heirs of heirs count too.
    for (const id of asked) {
      const row = this.#tables.applied.get(id);
      if (row !== undefined) found.set(id, row);
      for (const heir of this.#tables.heirs.get(id) ?? []) asked.add(heir);
    }
    return found;
  }

  async apply(effects: Effects): Promise<Result<null, ApplyProblem>> {
    await this.holdEpoch('shared');
    for (const { id, user } of effects.applied) {
      await this.#lock(`applied/${id}`, 'exclusive');
      const before = this.#tables.applied.get(id);
      if ((before && !isStrangersDiscard(before, user)) || this.#applied.has(id)) {
        return err({ detail: `${id}: has an outcome` });
      }
    }
    const before = this.#drafts;
    this.#drafts = new Map(before);
    for (const batch of effects.batches) {
      for (const row of batch.rows) {
        const detail = await this.#write(batch, row, effects);
        if (detail === null) continue;
        this.#drafts = before;
        return err({ detail });
      }
    }
    const position = positionOf(this.xid);
    for (const row of effects.applied) {
      const receipt = { ...row.receipt, position };
      this.#applied.set(row.id, { ...row, position, receipt });
    }
    this.#effects.push(effects);
    return ok(null);
  }

  async #write(batch: RecordBatch, row: Row, by: { by: UserId | null; authority: string | null }) {
    const { collection, kind } = batch;
    const key = recordKey(collection, row.id);
    await this.#lock(key, 'exclusive');
    const prior = this.#drafts.get(key) ?? this.#tables.records.get(key)?.content ?? null;
    const living = prior !== null && prior.state.deleted === null;
    if (kind === 'insert' && living) return `${collection}: the id exists`;
    if (kind !== 'insert' && !living) return `${collection}: there is no such record`;
    const version = nextVersion(prior?.state ?? null, this.#epoch());
    const state = nextState(prior?.state ?? null, kind, row.changes, { version, ...by });
    const detail = kind === 'delete' ? null : this.#refusal(collection, row.id, state);
    if (detail !== null) return detail;
    this.#drafts.set(key, {
      collection,
      id: row.id,
      state,
      lastScopes: kind === 'delete' && prior !== null ? this.#scopes(collection, row.id, prior.state) : [],
      createdIn: kind === 'insert' ? this.xid : (prior?.createdIn ?? this.xid),
      deletedIn: kind === 'delete' ? this.xid : null,
      changedIn: kind === 'insert' ? {} : this.#changedIn(prior?.changedIn ?? {}, row.changes),
      stamp: highest(prior?.stamp ?? null, row.changes),
    });
    return null;
  }

  #refusal(collection: string, id: string, state: RecordState): string | null {
    const columns = this.#tables.schema.collections.get(collection)?.columns;
    if (columns === undefined) return `${collection}: no such table`;
    const missing = columns.find(({ name }) => !Object.hasOwn(state.values, name));
    if (missing !== undefined) return `${collection}.${missing.name}: must not be null`;
    return this.#check(collection, id, state.values);
  }

  #changedIn(before: Readonly<Record<string, Position>>, changes: readonly StampedChange[]) {
    const changedIn = { ...before };
    for (const { values } of changes) for (const field of Object.keys(values)) changedIn[field] = positionOf(this.xid);
    return changedIn;
  }

  #scopes(collection: string, id: string, state: RecordState): readonly Scope[] {
    return livingScopes(this.#tables.schema, collection, id, state, (key) => this.stateOf(key));
  }

  /** A record as this transaction sees it; locked for as long as it lasts where it was loaded. */
  stateOf(key: string): RecordState | null {
    return (this.#drafts.get(key) ?? this.#tables.records.get(key)?.content)?.state ?? null;
  }

  /** Writes rows as another program would, with nobody's authority. */
  async importRows(collection: string, kind: 'insert' | 'update', rows: readonly Row[]): Promise<void> {
    for (const row of rows) {
      const detail = await this.#write({ collection, kind, rows }, row, { by: null, authority: null });
      if (detail !== null) throw new Error(detail);
    }
  }

  /** Locks a record and what it inherits from, for a writer that did not load it. */
  async lockForImport(collection: string, id: string, values: Readonly<Record<string, Json>>): Promise<void> {
    await this.holdEpoch('shared');
    const key = recordKey(collection, id);
    await this.#lock(key, 'exclusive');
    const state = this.stateOf(key);
    for (const parent of state === null ? [] : parentsOf(this.#tables.schema, collection, state)) {
      await this.#lock(parent, 'shared');
    }
    for (const { field, collection: target } of must(this.#tables.schema.collections.get(collection), collection)
      .inherits) {
      const parent = values[field];
      if (typeof parent === 'string') await this.#lock(recordKey(target, parent), 'shared');
    }
  }

  async acknowledge(device: DeviceId, receipts: readonly MutationId[]): Promise<void> {
    for (const id of receipts) this.#acknowledged.push([device, id]);
  }

  async position(): Promise<Position> {
    return positionOf(this.xid);
  }

  /** Makes everything seen, in one go. Gives the scopes with news. */
  commit(): ReadonlySet<Scope> {
    for (const [device, met] of this.#devices) this.#tables.devices.set(device, met);
    for (const row of this.#applied.values()) this.#tables.addApplied(row);
    for (const effects of this.#effects) this.#tables.ledger.take(effects, this.xid);
    for (const [device, id] of this.#acknowledged) this.#tables.acknowledge(device, id);
    return this.#tables.commit(this.xid, this.#drafts);
  }

  /** What it makes of the records that it wrote. */
  changed(): readonly Draft[] {
    return [...this.#drafts.values()];
  }

  #lock(key: string, mode: 'shared' | 'exclusive'): Promise<void> {
    return this.#locks.acquire(this.xid, key, mode);
  }

  async #lockAll(wanted: ReadonlyMap<string, 'shared' | 'exclusive'>): Promise<void> {
    for (const key of [...wanted.keys()].sort()) await this.#lock(key, wanted.get(key) ?? 'exclusive');
  }
}

/** Who has read nothing reads what is there now, or later. */
function floorAt(floor: Snapshot | null | undefined, oldest: number): number {
  return floor === null || floor === undefined ? oldest : Number(floor.split(':')[0]);
}

/** Said by somebody of an id that is not his: gives way to the mutation itself. */
function isStrangersDiscard(row: StoredApplied, user: UserId): boolean {
  return row.receipt.outcome === 'discarded' && row.user !== user;
}

function highest(before: Stamp | null, changes: readonly StampedChange[]): Stamp {
  const stamps = changes.map(({ stamp }) => stamp);
  return must([...(before === null ? [] : [before]), ...stamps].sort().at(-1), 'a stamp');
}
