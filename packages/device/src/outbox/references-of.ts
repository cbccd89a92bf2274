import { type Collection, type Json, type Reference, referencesIn, type Schema } from '@holdfast/core';
import { type Entry, setOf } from './entry.ts';

/** The records that an entry refers to, by the schema of the day. */
export function referencesOf(
  schema: Schema,
  { collection, content }: Pick<Entry, 'collection' | 'content'>,
): Reference[] {
  if (content.kind === 'command') return [...content.targets];
  const known = schema.collections.get(collection);
  const values = Object.assign({}, ...setOf(content).map((change) => change.values));
  return known === undefined ? [] : referencesInValues(known, values);
}

/** The records that these values refer to. */
export function referencesInValues(collection: Collection, values: Readonly<Record<string, Json>>): Reference[] {
  return collection.referring.flatMap((field) => {
    const type = collection.fields[field];
    return type === undefined ? [] : referencesIn(type, values[field]);
  });
}
