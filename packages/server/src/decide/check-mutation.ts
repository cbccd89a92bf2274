import {
  type Collection,
  err,
  type Json,
  normalizeJson,
  ok,
  type RecordMutation,
  type Result,
  sameJson,
  validateFields,
} from '@holdfast/core';
import { safeText } from './safe-text.ts';

/**
 * Does a mutation fit the schema? Asks only what it says itself, so that the answer tells nothing about
 * what exists. Gives it with its values in the form in which they are stored, or what is wrong with it.
 */
export function checkMutation(
  mutation: RecordMutation,
  collection: Collection | undefined,
): Result<RecordMutation, string> {
  if (collection === undefined) return err(safeText(`${mutation.collection}: no such collection`));
  const problem = problemOf(mutation, collection);
  if (problem !== null) return err(safeText(problem));
  if (mutation.kind === 'delete') return ok(mutation);
  const given = Object.assign({}, ...mutation.set.map(({ values }) => values)) as Record<string, Json>;
  const checked = validateFields(collection, mutation.record, given, mutation.kind === 'create' ? 'create' : 'update');
  if (!checked.ok) {
    const issues = checked.issues.slice(0, 10).map(({ path, expected }) => `${path.join('.')}: ${expected}`);
    return err(safeText(`${collection.name}: ${issues.join('; ')}`));
  }
  const { values } = checked;
  const odd = Object.keys(given).find((field) => !sameJson(values[field] ?? null, given[field] ?? null));
  if (odd !== undefined) return err(`${collection.name}.${odd}: not in the form in which values are stored`);
  const set = mutation.set.map((change) => ({ ...change, values: pick(values, Object.keys(change.values)) }));
  return ok({ ...mutation, set });
}

function problemOf(mutation: RecordMutation, collection: Collection): string | null {
  if (mutation.kind === 'delete') {
    const unknown = mutation.bases
      .flatMap((bases) => Object.keys(bases))
      .find((field) => !collection.column.has(field));
    return unknown === undefined ? null : `${collection.name}.${unknown}: no such field`;
  }
  if (mutation.kind === 'update' && mutation.ops.length > 0) return 'operations are not part of this protocol version';
  const set = new Set<string>();
  for (const { values, was } of mutation.set) {
    const fields = Object.keys(values);
    for (const field of fields) {
      if (set.has(field)) return `${collection.name}.${field}: set twice`;
      set.add(field);
      const missing = collection.groupOf.get(field)?.find((other) => !Object.hasOwn(values, other));
      if (missing !== undefined) return `${collection.name}.${field}: its group travels as a whole, with ${missing}`;
    }
    // It goes back to a person as one side of a conflict, so it has to be storable; it need not be valid.
    if (was !== undefined && 'problem' in normalizeJson(was)) return `${collection.name}: what it was cannot be stored`;
  }
  if (mutation.kind === 'create') {
    const missing = collection.columns.find(({ name }) => !set.has(name));
    if (missing !== undefined) return `${collection.name}.${missing.name}: a create brings every field`;
  }
  return null;
}

function pick(values: Readonly<Record<string, Json>>, fields: readonly string[]): Record<string, Json> {
  return Object.fromEntries(fields.map((field) => [field, values[field] ?? null]));
}
