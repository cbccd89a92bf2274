import { type IdLookup, InvalidWrite, type JsonObject, type Schema, UUID_PATTERN } from '@holdfast/core';
import type { ReadTx } from '../ports/storage-driver.ts';
import type { Intent } from '../write/intent.ts';
import { withIds } from './id-table.ts';
import { translateArguments, translateValues } from './translate-mutation.ts';

/**
 * ID4: a write in the ids the app uses for ever. A form may still be open upon the server id under which its
 * record was first seen: what is written there is written to the record.
 *
 * @throws InvalidWrite where a record is to be created under an id that the backend might give to another
 */
export async function localIntents(tx: ReadTx, schema: Schema, intents: readonly Intent[]): Promise<Intent[]> {
  const issues = intents.flatMap((intent) => {
    if (intent.kind !== 'create' || UUID_PATTERN.test(intent.record)) return [];
    const expected = 'an id made on this device: the backend gives ids of its own';
    return [{ collection: intent.collection, record: intent.record, path: ['id'], expected }];
  });
  if (issues.length > 0) throw new InvalidWrite(issues);
  return withIds(tx, 'to-local', (lookup) => intents.map((intent) => localIntent(schema, intent, lookup)));
}

// Not checked yet: what does not fit its type is left as it is, and refused after this.
function localIntent(schema: Schema, intent: Intent, lookup: IdLookup): Intent {
  if (intent.kind === 'command') {
    return { ...intent, args: translateArguments(schema, intent.name, intent.args as JsonObject, lookup) };
  }
  const record = intent.kind === 'create' ? intent.record : lookup(intent.collection, intent.record);
  if (intent.kind === 'delete') return { ...intent, record };
  const collection = schema.collections.get(intent.collection);
  return { ...intent, record, values: translateValues(collection, intent.values as JsonObject, lookup) };
}
