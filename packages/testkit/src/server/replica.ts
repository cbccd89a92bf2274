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
  type Scope,
  type Version,
  versionOf,
} from '@holdfast/core';
import { requestOf } from './mutations.ts';

export interface ReplicaRecord {
  readonly version: Version;
  readonly values: JsonObject;
  /** The scopes it is held by. */
  readonly scopes: ReadonlySet<Scope>;
}

/**
 * The reading half of a device, as plain as it can be: stages pages, and takes them over at a checkpoint.
 * What a test compares with what the server holds.
 */
export class Replica {
  readonly device: DeviceId;
  epoch: Epoch | null = null;
  cursor: Cursor | null = null;
  catchUp: CatchUp | null = null;
  /** By `collection/id`. */
  records = new Map<string, ReplicaRecord>();
  /** Pages received, and records in them. */
  received = 0;
  #staged: Page[] = [];

  constructor(device: DeviceId) {
    this.device = device;
  }

  request(parts: Partial<ExchangeRequest> = {}): ExchangeRequest {
    const { epoch, cursor, catchUp } = this;
    return requestOf(this.device, { epoch, cursor, catchUp, ...parts });
  }

  /** Takes an answer in. True at a checkpoint. */
  take(response: ExchangeResponse): boolean {
    const fresh = this.epoch !== response.epoch;
    if (fresh) {
      this.cursor = null;
      this.#staged = [];
    }
    this.epoch = response.epoch;
    this.catchUp = response.catchUp;
    if (response.cursor === null && response.catchUp === null) {
      this.#staged = [];
      return false;
    }
    this.#staged.push(...response.pages);
    if (response.cursor === null) return false;
    if (this.cursor === null) this.records = new Map();
    for (const page of this.#staged) this.#apply(page);
    for (const scope of response.gone) this.#lose(scope);
    this.#staged = [];
    this.cursor = response.cursor;
    return true;
  }

  #apply(page: Page): void {
    for (const group of page.groups) {
      for (const [id, count, fields] of group.records) {
        this.received += 1;
        const key = `${group.collection}/${id}`;
        const before = this.records.get(key);
        const scopes = new Set(before?.scopes);
        for (const scope of group.in) scopes.add(scope);
        for (const scope of group.out) scopes.delete(scope);
        if (scopes.size === 0) {
          this.records.delete(key);
          continue;
        }
        const gives = group.in.length > 0;
        invariant(before !== undefined || (gives && group.whole), `${key} comes as changes, but it is not held`);
        const values = group.whole ? fields : { ...before?.values, ...fields };
        const version = gives || before === undefined ? versionOf(group.epoch, count) : before.version;
        this.records.set(key, { version, values, scopes });
      }
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
