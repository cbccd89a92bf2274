import { type DeviceId, type Mutation, RECORD_ID_PATTERN, type Schema } from '@holdfast/core';
import { type LoadRequest, type RecordKey, recordKey } from '../store/server-store.ts';

/** Everything that deciding these mutations will ask for. */
export function loadRequestOf(schema: Schema, device: DeviceId, mutations: readonly Mutation[]): LoadRequest {
  const ids = new Set(mutations.flatMap(({ id, after, needs, resolves }) => [id, ...after, ...needs, ...resolves]));
  const records = new Map<string, RecordKey>();
  const parents = new Map<string, RecordKey>();
  for (const mutation of mutations) {
    const collection = schema.collections.get(mutation.collection);
    if (collection === undefined) continue;
    records.set(recordKey(collection.name, mutation.record), { collection: collection.name, id: mutation.record });
    if (mutation.kind === 'delete') continue;
    for (const { field, collection: target } of collection.inherits) {
      for (const { values } of mutation.set) {
        const id = Object.hasOwn(values, field) ? values[field] : null;
        if (typeof id !== 'string' || !RECORD_ID_PATTERN.test(id)) continue;
        parents.set(recordKey(target, id), { collection: target, id });
      }
    }
  }
  return { device, ids: [...ids], records: [...records.values()], parents: [...parents.values()] };
}
