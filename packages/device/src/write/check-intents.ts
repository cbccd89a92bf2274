import {
  type Collection,
  type Command,
  type FieldIssue,
  InvalidWrite,
  type Json,
  RECORD_ID_PATTERN,
  type Reference,
  type Schema,
  targetsOf,
  validateArgs,
  validateFields,
} from '@holdfast/core';
import { referencesInValues } from '../outbox/references-of.ts';
import type { Intent } from './intent.ts';

/** A command whose arguments fit the schema, with the records they refer to: its lanes. */
export interface CheckedCommand {
  readonly kind: 'command';
  readonly command: Command;
  readonly args: Readonly<Record<string, Json>>;
  readonly refersTo: readonly Reference[];
}

/** An intent whose values fit the schema, with the records they refer to. */
export interface CheckedChange {
  readonly kind: 'create' | 'update' | 'delete';
  readonly collection: Collection;
  readonly record: string;
  readonly values: Readonly<Record<string, Json>>;
  readonly confirm: boolean;
  readonly refersTo: readonly Reference[];
}

export type CheckedIntent = CheckedChange | CheckedCommand;

/**
 * WR2: everything that can be said of a write without looking into the store.
 *
 * @throws InvalidWrite naming every bad field of every intent
 */
export function checkIntents(schema: Schema, intents: readonly Intent[]): CheckedIntent[] {
  const issues: FieldIssue[] = [];
  const checked: CheckedIntent[] = [];
  for (const intent of intents) {
    if (intent.kind === 'command') {
      const found = checkCommand(schema, intent);
      if ('issues' in found) issues.push(...found.issues);
      else checked.push(found);
      continue;
    }
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
      refersTo: referencesInValues(collection, values),
    });
  }
  if (issues.length > 0) throw new InvalidWrite(issues);
  return checked;
}

function checkCommand(
  schema: Schema,
  intent: Extract<Intent, { kind: 'command' }>,
): CheckedCommand | { readonly issues: readonly FieldIssue[] } {
  const command = schema.commands.get(intent.name);
  if (command === undefined) {
    return { issues: [{ collection: intent.name, record: null, path: [], expected: 'no such command' }] };
  }
  const result = validateArgs(command, intent.args);
  if (!result.ok) return { issues: result.issues };
  return { kind: 'command', command, args: result.values, refersTo: targetsOf(command, result.values) };
}

function problemOfId(record: unknown): string | null {
  return typeof record === 'string' && RECORD_ID_PATTERN.test(record)
    ? null
    : 'an id of 1 to 64 letters, digits and . _ ~ - that begins with a letter or digit';
}
