import {
  type Collection,
  type FieldIssue,
  InvalidWrite,
  type Json,
  RECORD_ID_PATTERN,
  type Reference,
  referencesIn,
  type Schema,
  validateFields,
} from '@holdfast/core';
import type { Intent } from './intent.ts';

/** An intent whose values fit the schema, with the records they refer to. */
export interface CheckedIntent {
  readonly kind: Intent['kind'];
  readonly collection: Collection;
  readonly record: string;
  readonly values: Readonly<Record<string, Json>>;
  readonly confirm: boolean;
  readonly refersTo: readonly Reference[];
}

/**
 * WR2: everything that can be said of a write without looking into the store.
 *
 * @throws InvalidWrite naming every bad field of every intent
 */
export function checkIntents(schema: Schema, intents: readonly Intent[]): CheckedIntent[] {
  const issues: FieldIssue[] = [];
  const checked: CheckedIntent[] = [];
  for (const intent of intents) {
    const collection = schema.collections.get(intent.collection);
    const problem = collection === undefined ? 'no such collection' : problemOfId(intent.record);
    if (collection === undefined || problem !== null) {
      issues.push({ collection: intent.collection, record: intent.record, path: [], expected: problem ?? '' });
      continue;
    }
    const given = intent.kind === 'delete' ? {} : intent.values;
    const result = validateFields(collection, intent.record, given, intent.kind === 'create' ? 'create' : 'update');
    if (intent.kind !== 'delete' && !result.ok) {
      issues.push(...result.issues);
      continue;
    }
    const values = result.ok ? result.values : {};
    checked.push({
      kind: intent.kind,
      collection,
      record: intent.record,
      values,
      confirm: intent.kind === 'update' && intent.confirm,
      refersTo: referencesOf(collection, values),
    });
  }
  if (issues.length > 0) throw new InvalidWrite(issues);
  return checked;
}

function problemOfId(record: unknown): string | null {
  return typeof record === 'string' && RECORD_ID_PATTERN.test(record)
    ? null
    : 'an id of 1 to 64 letters, digits and . _ ~ - that begins with a letter or digit';
}

function referencesOf(collection: Collection, values: Readonly<Record<string, Json>>): Reference[] {
  return collection.referring.flatMap((name) => {
    const type = collection.fields[name];
    return type === undefined ? [] : referencesIn(type, values[name]);
  });
}
