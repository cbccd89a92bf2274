import * as z from 'zod';
import { isJsonObject, type Json } from '../value/json.ts';
import { defOf, innerOf } from './column.ts';
import { referencedCollection } from './ref.ts';
import { mayRefer } from './references.ts';

/** The id that stands for a record on the other side; the same id where it has no other. */
export type IdLookup = (collection: string, record: string) => string;

/**
 * ID2: the value with every reference in it as `lookup` gives it. References are found by walking type and
 * value together, as `referencesIn` finds them: text that merely looks like an id, or holds one, stays as it is.
 * Where a type has alternatives, those that the value fits count; where it fits none (a newer schema wrote
 * it), all of them. Gives the very same value where nothing changed.
 */
export function translateReferences(field: z.core.$ZodType, value: Json, lookup: IdLookup): Json {
  if (value === null) return value;
  const collection = referencedCollection(field);
  if (collection !== null) return typeof value === 'string' ? lookup(collection, value) : value;
  const def = defOf(field);
  const inner = innerOf(field);
  if (inner !== undefined) return translateReferences(inner, value, lookup);
  if (def.options) return translateByOption(def.options, value, lookup);
  if (def.left && def.right) {
    return translateReferences(def.right, translateReferences(def.left, value, lookup), lookup);
  }
  if (Array.isArray(value)) {
    return sameOr(
      value,
      value.map((item: Json, index) => {
        const type = def.element ?? def.items?.[index] ?? def.rest;
        return type ? translateReferences(type, item, lookup) : item;
      }),
    );
  }
  if (isJsonObject(value)) return translateObject(def, value, lookup);
  return value;
}

function translateByOption(options: readonly z.core.$ZodType[], value: Json, lookup: IdLookup): Json {
  const referring = options.filter((option) => mayRefer(option));
  if (referring.length === 0) return value;
  const fitting = options.filter((option) => z.core.safeParse(option, value).success);
  for (const option of fitting.length > 0 ? fitting : options) {
    const translated = translateReferences(option, value, lookup);
    if (translated !== value) return translated;
  }
  return value;
}

function translateObject(
  def: ReturnType<typeof defOf>,
  value: { readonly [key: string]: Json },
  lookup: IdLookup,
): Json {
  let changed = false;
  const entries = Object.entries(value).map(([key, item]): [string, Json] => {
    const type = def.shape?.[key] ?? def.valueType ?? def.catchall;
    const nextItem = type ? translateReferences(type, item, lookup) : item;
    const nextKey = def.keyType ? translateReferences(def.keyType, key, lookup) : key;
    changed ||= nextItem !== item || nextKey !== key;
    return [typeof nextKey === 'string' ? nextKey : key, nextItem];
  });
  return changed ? Object.fromEntries(entries) : value;
}

function sameOr(before: readonly Json[], after: readonly Json[]): readonly Json[] {
  return after.some((item, index) => item !== before[index]) ? after : before;
}
