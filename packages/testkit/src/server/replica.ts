import {
  type CatchUp,
  type Cursor,
  type DeviceId,
  type Epoch,
  type ExchangeRequest,
  type ExchangeResponse,
  invariant,
  type JsonObject,
  type Page,
  reaches,
  recordPrint,
  type Scope,
  ScopeChecksum,
  type Version,
  versionOf,
} from '@holdfast/core';
import { requestOf } from './mutations.ts';

export interface ReplicaRecord {
  readonly version: Version;
  /** Null for one that is older than the window: only its version is kept. */
  readonly values: JsonObject | null;
  /** The scopes it is held by. */
  readonly scopes: ReadonlySet<Scope>;
}

/**
 * The reading half of a device, as plain as it can be: stages pages, and takes them over at a checkpoint.
 * What a test compares with what the server holds. It stops where a checksum differs, or where a change
 * finds nothing under it.
 */
export class Replica {
  readonly device: DeviceId;
  epoch: Epoch | null = null;
  cursor: Cursor | null = null;
  catchUp: CatchUp | null = null;
  /** By `collection/id`. */
  records = new Map<string, ReplicaRecord>();
  /** Collections that could be shown before the first checkpoint, as they were then. */
  early = new Map<string, ReadonlyMap<string, ReplicaRecord>>();
  /** Records of which something changed while only their version was kept. */
  wanted = new Set<string>();
  /** Pages received, and records in them. */
  received = 0;
  /** Checksums that were compared. */
  compared = 0;
  #staged: Page[] = [];

  constructor(device: DeviceId) {
    this.device = device;
  }

  request(parts: Partial<ExchangeRequest> = {}): ExchangeRequest {
    const { epoch, cursor, catchUp } = this;
    return requestOf(this.device, { epoch, cursor, catchUp, ...parts });
  }

  /** Everything is to be read anew. */
  forget(): void {
    this.cursor = null;
    this.catchUp = null;
    this.#staged = [];
    this.early.clear();
  }

  /** Takes an answer in. True at a checkpoint. */
  take(response: ExchangeResponse): boolean {
    const { horizon } = response;
    const tooOld =
      this.catchUp === null && this.cursor !== null && horizon !== null && !reaches(this.cursor.snapshot, horizon);
    if (this.epoch !== response.epoch || tooOld) this.forget();
    this.epoch = response.epoch;
    this.catchUp = response.catchUp;
    if (response.cursor === null && response.catchUp === null) {
      this.#staged = [];
      this.early.clear();
      return false;
    }
    this.#staged.push(...response.pages);
    for (const collection of response.whole) this.early.set(collection, this.#readEarly(collection));
    if (response.cursor === null) return false;
    if (this.cursor === null) this.records = new Map();
    for (const page of this.#staged) apply(page, this.records, this.wanted);
    this.received += this.#staged.reduce((sum, { groups }) => sum + groups.flatMap(({ records }) => records).length, 0);
    for (const scope of response.gone) this.#lose(scope);
    for (const { collection, record, found } of response.fetched) {
      const key = `${collection}/${record}`;
      const before = this.records.get(key);
      this.wanted.delete(key);
      if (found !== null && before !== undefined) this.records.set(key, { ...before, ...found });
    }
    this.#staged = [];
    this.early.clear();
    this.cursor = response.cursor;
    this.#compare(response);
    return true;
  }

  #readEarly(collection: string): ReadonlyMap<string, ReplicaRecord> {
    const records = new Map<string, ReplicaRecord>();
    for (const { groups, ...page } of this.#staged) {
      apply({ ...page, groups: groups.filter((group) => group.collection === collection) }, records, new Set());
    }
    return records;
  }

  #compare({ checksums, cursor }: ExchangeResponse): void {
    if (checksums === null) return;
    invariant(
      JSON.stringify(checksums.map(({ scope }) => scope).sort()) === JSON.stringify([...(cursor?.scopes ?? [])].sort()),
      'every scope has a checksum',
    );
    for (const { scope, checksum } of checksums) {
      const sum = new ScopeChecksum();
      for (const [key, record] of this.records) {
        if (!record.scopes.has(scope)) continue;
        const slash = key.indexOf('/');
        sum.add(recordPrint(key.slice(0, slash), key.slice(slash + 1), record.version));
      }
      invariant(sum.text === checksum, `the checksum of ${scope}`);
      this.compared += 1;
    }
  }

  #lose(scope: Scope): void {
    for (const [key, record] of this.records) {
      if (!record.scopes.has(scope)) continue;
      const scopes = new Set(record.scopes);
      scopes.delete(scope);
      if (scopes.size === 0) this.records.delete(key);
      else this.records.set(key, { ...record, scopes });
    }
  }
}

function apply(page: Page, into: Map<string, ReplicaRecord>, wanted: Set<string>): void {
  for (const group of page.groups) {
    for (const [id, count, fields] of group.records) {
      const key = `${group.collection}/${id}`;
      const before = into.get(key);
      const scopes = new Set(before?.scopes);
      for (const scope of group.in) scopes.add(scope);
      for (const scope of group.out) scopes.delete(scope);
      if (scopes.size === 0) {
        into.delete(key);
        continue;
      }
      const gives = group.in.length > 0;
      invariant(before !== undefined || (gives && (group.whole || group.aged)), `${key} comes as changes, unheld`);
      const version = gives || before === undefined ? versionOf(group.epoch, count) : before.version;
      if (!gives) into.set(key, { version, values: before?.values ?? null, scopes });
      else if (group.whole) into.set(key, { version, values: fields, scopes });
      else if (group.aged) {
        into.set(key, { version, values: before?.version === version ? before.values : null, scopes });
      } else if (before?.values) into.set(key, { version, values: { ...before.values, ...fields }, scopes });
      else {
        into.set(key, { version, values: null, scopes });
        wanted.add(key);
      }
    }
  }
}
