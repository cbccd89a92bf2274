import type { IdLookup, JsonObject, Schema } from '@holdfast/core';
import type { ConflictChoice, FieldChoice, OutboxAction } from '../bay/choice.ts';
import type { Entry } from '../outbox/entry.ts';
import { entriesNamed } from '../outbox/outbox-store.ts';
import type { ReadTx } from '../ports/storage-driver.ts';
import { withIds } from './id-table.ts';
import { translateArguments, translateValues } from './translate-mutation.ts';

/** ID4: what a person decided, in the ids the app uses for ever; a form may still be open upon a server id. */
export async function localAction(tx: ReadTx, schema: Schema, action: OutboxAction): Promise<OutboxAction> {
  const entries = new Map<string, Entry>();
  const named = action.kind === 'edit' ? action.values : action.kind === 'resolve' ? action.choices : {};
  for (const entry of await entriesNamed(tx, new Set(Object.keys(named)))) entries.set(entry.id, entry);
  const valuesOf = (id: string, values: JsonObject, lookup: IdLookup) => {
    const entry = entries.get(id);
    if (entry === undefined) return values;
    const { content } = entry;
    if (content.kind === 'command') return translateArguments(schema, content.name, values, lookup);
    return translateValues(schema.collections.get(entry.collection), values, lookup);
  };
  return withIds(tx, 'to-local', (lookup): OutboxAction => {
    switch (action.kind) {
      case 'edit':
        return { ...action, values: mapped(action.values, (id, values) => valuesOf(id, values, lookup)) };
      case 'resolve': {
        const choose = (id: string, choice: ConflictChoice) =>
          choiceOf(choice, (values) => valuesOf(id, values, lookup));
        return { ...action, choices: mapped(action.choices, choose) };
      }
      case 'seen':
        return { ...action, record: lookup(action.collection, action.record) };
      default:
        return action;
    }
  });
}

function choiceOf(choice: ConflictChoice, translate: (values: JsonObject) => JsonObject): ConflictChoice {
  if (choice.fields === undefined) return choice;
  const fields = mapped(choice.fields, (field, chosen): FieldChoice => {
    return typeof chosen === 'string' ? chosen : { value: translate({ [field]: chosen.value })[field] ?? null };
  });
  return { ...choice, fields };
}

function mapped<T>(record: Readonly<Record<string, T>>, change: (key: string, value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(key, value)]));
}
