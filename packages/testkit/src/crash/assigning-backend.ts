import type { ExchangeRequest, Json, JsonObject, Schema } from '@holdfast/core';
import { type RecordMapping, translateMutation } from '@holdfast/device';

const MARK = 's-';

/** A request as a backend takes it in that gives records ids of its own, and which it gave. */
export function assignIds(
  schema: Schema,
  request: ExchangeRequest,
): { readonly request: ExchangeRequest; readonly mappings: readonly RecordMapping[] } {
  const mappings: RecordMapping[] = [];
  for (const mutation of request.mutations) {
    if (mutation.kind !== 'create') continue;
    const { collection, record } = mutation;
    mappings.push({ collection, local: record, server: `${MARK}${record}` });
  }
  const assigned = new Map(mappings.map(({ collection, local, server }) => [`${collection}/${local}`, server]));
  const lookup = (collection: string, id: string) => assigned.get(`${collection}/${id}`) ?? id;
  const mutations = request.mutations.map((mutation) => {
    const translated = translateMutation(schema, mutation, lookup);
    if (translated.kind !== 'create') return translated;
    return { ...translated, record: lookup(translated.collection, translated.record) };
  });
  return { request: { ...request, mutations }, mappings };
}

/** The id that the app has for a record of such a backend. */
export function localIdOf(id: string): string {
  return id.startsWith(MARK) ? id.slice(MARK.length) : id;
}

/** A record's values with the ids that the app has. */
export function withLocalIds(values: JsonObject): JsonObject {
  const local = (value: Json) => (typeof value === 'string' ? localIdOf(value) : value);
  return Object.fromEntries(Object.entries(values).map(([field, value]) => [field, local(value)]));
}
