import type { Json, JsonObject } from '@holdfast/core';

/** What an existing API can do about a create that comes twice. */
export type CreatePromise =
  /** It honours an idempotency key. */
  | 'key'
  /** It ignores keys, and can be asked for a record by the key its client gave it. */
  | 'look-up'
  /** It makes a second record, and nobody can find out. */
  | 'neither';

export interface RestRecord {
  readonly collection: string;
  readonly id: string;
  /** Grows with each change of this record. */
  readonly count: number;
  /** Of the whole server: what came last. */
  readonly revision: number;
  readonly body: JsonObject | null;
}

/**
 * A small API of the usual kind, in memory: it gives ids of its own, small numbers that other collections and
 * people's texts use too; changes are listed by revision, deletes among them. Knows nothing of devices.
 */
export interface RestServer {
  post(collection: string, body: JsonObject, clientKey: string, idempotencyKey: string): RestRecord;
  /** Fields that are not given stay. Null where there is no such record. */
  patch(collection: string, id: string, fields: JsonObject): RestRecord | null;
  delete(collection: string, id: string): RestRecord | null;
  get(collection: string, id: string): RestRecord | null;
  findByClientKey(collection: string, clientKey: string): RestRecord | null;
  /** What changed after the one revision up to the other, each as it was then. */
  changed(after: number, upTo: number): readonly RestRecord[];
  revision(): number;
  /** Names of operations called, with what they were called with. */
  readonly calls: { readonly name: string; readonly args: Json }[];
}

export function restServer(promise: CreatePromise): RestServer {
  const records = new Map<string, RestRecord>();
  const log: RestRecord[] = [];
  const byIdempotencyKey = new Map<string, RestRecord>();
  const byClientKey = new Map<string, string>();
  const nextId = new Map<string, number>();
  let revision = 1;
  const put = (collection: string, id: string, body: JsonObject | null): RestRecord => {
    revision += 1;
    const address = `${collection}/${id}`;
    const record = { collection, id, count: (records.get(address)?.count ?? 0) + 1, revision, body };
    records.set(address, record);
    log.push(record);
    return record;
  };
  return {
    calls: [],
    post(collection, body, clientKey, idempotencyKey) {
      const known = byIdempotencyKey.get(idempotencyKey);
      if (promise === 'key' && known !== undefined) return known;
      const id = String((nextId.get(collection) ?? 0) + 1);
      nextId.set(collection, Number(id));
      const made = put(collection, id, body);
      byIdempotencyKey.set(idempotencyKey, made);
      if (!byClientKey.has(`${collection}/${clientKey}`)) byClientKey.set(`${collection}/${clientKey}`, id);
      return made;
    },
    patch(collection, id, fields) {
      const before = records.get(`${collection}/${id}`);
      return before === undefined || before.body === null ? null : put(collection, id, { ...before.body, ...fields });
    },
    delete(collection, id) {
      const before = records.get(`${collection}/${id}`);
      return before === undefined || before.body === null ? null : put(collection, id, null);
    },
    get: (collection, id) => records.get(`${collection}/${id}`) ?? null,
    findByClientKey(collection, clientKey) {
      const id = promise === 'look-up' ? byClientKey.get(`${collection}/${clientKey}`) : undefined;
      return id === undefined ? null : (records.get(`${collection}/${id}`) ?? null);
    },
    changed(after, upTo) {
      const last = new Map<string, RestRecord>();
      for (const record of log) {
        if (record.revision <= after || record.revision > upTo) continue;
        const address = `${record.collection}/${record.id}`;
        last.delete(address);
        last.set(address, record);
      }
      return [...last.values()];
    },
    revision: () => revision,
  };
}
