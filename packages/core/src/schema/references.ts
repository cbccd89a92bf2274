import type * as z from 'zod';
import type { Json } from '../value/json.ts';
import { isJsonObject } from '../value/json.ts';
import { defOf, innerOf, nestedTypes } from './column.ts';
import { referencedCollection } from './ref.ts';

export interface Reference {
  readonly collection: string;
  readonly record: string;
}

/** Can a value of this type hold a reference at all? Most cannot, and are then never walked. */
export function mayRefer(field: z.core.$ZodType, seen = new Set<unknown>()): boolean {
  if (referencedCollection(field) !== null) return true;
  if (seen.has(field)) return false;
  seen.add(field);
  return nestedTypes(field).some((nested) => mayRefer(nested, seen));
}

/** Every collection a value of this type may refer to. */
export function referencedCollections(field: z.core.$ZodType, seen = new Set<unknown>()): string[] {
  const own = referencedCollection(field);
  if (own !== null) return [own];
  if (seen.has(field)) return [];
  seen.add(field);
  return nestedTypes(field).flatMap((nested) => referencedCollections(nested, seen));
}

/** OB2: the records that a value refers to, found by walking value and type together. */
export function referencesIn(field: z.core.$ZodType, value: Json | undefined): Reference[] {
  if (value === null || value === undefined) return [];
  const collection = referencedCollection(field);
  if (collection !== null) return typeof value === 'string' ? [{ collection, record: value }] : [];
  const def = defOf(field);
  const inner = innerOf(field);
  if (inner !== undefined) return referencesIn(inner, value);
  if (def.options) return def.options.flatMap((option) => referencesIn(option, value));
  if (def.left && def.right) return [...referencesIn(def.left, value), ...referencesIn(def.right, value)];
  if (Array.isArray(value)) {
    return value.flatMap((item: Json, index) => {
      const type = def.element ?? def.items?.[index] ?? def.rest;
      return type ? referencesIn(type, item) : [];
    });
  }
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([key, item]) => {
      const type = def.shape?.[key] ?? def.valueType ?? def.catchall;
      return [...(def.keyType ? referencesIn(def.keyType, key) : []), ...(type ? referencesIn(type, item) : [])];
    });
  }
  return [];
}
