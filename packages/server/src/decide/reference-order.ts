import type { Collection, Schema } from '@holdfast/core';

const known = new WeakMap<Schema, readonly Collection[]>();

/** The collections, each after those that its columns refer to; a circle is cut where it is met. */
export function referenceOrder(schema: Schema): readonly Collection[] {
  const found = known.get(schema);
  if (found !== undefined) return found;
  const order = new Set<Collection>();
  const entered = new Set<Collection>();
  const visit = (collection: Collection) => {
    if (entered.has(collection)) return;
    entered.add(collection);
    for (const { references } of collection.columns) {
      const target = references === null ? undefined : schema.collections.get(references);
      if (target !== undefined) visit(target);
    }
    order.add(collection);
  };
  for (const collection of schema.collections.values()) visit(collection);
  const list = [...order];
  known.set(schema, list);
  return list;
}
