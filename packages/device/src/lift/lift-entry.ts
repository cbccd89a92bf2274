import { liftMutation, liftRecord, type Mutation, type Schema } from '@holdfast/core';
import { type Entry, type EntryContent, toMutation } from '../outbox/entry.ts';
import type { Original } from './originals.ts';

/**
 * CF12: what an entry that was written under an older schema says under this one. Null where the declared steps do
 * not lead here: nothing of it can be shown, and the server will say so when it is sent.
 */
export function liftEntry(schema: Schema, entry: Entry): Original | null {
  const lifted = liftMutation(schema, toMutation({ ...entry, state: { at: 'pending' } }, [], true));
  if (!lifted.ok) return null;
  const content = contentOf(schema, entry, lifted.value);
  const collection = 'collection' in lifted.value ? lifted.value.collection : entry.collection;
  return content === null ? null : { collection, content };
}

function contentOf(schema: Schema, entry: Entry, mutation: Mutation): EntryContent | null {
  switch (mutation.kind) {
    case 'create':
      return { kind: 'create', set: mutation.set };
    case 'update':
      return { kind: 'update', base: mutation.base, set: mutation.set };
    case 'delete':
      return { kind: 'delete', base: mutation.base, bases: mutation.bases };
    case 'restore': {
      if (entry.content.kind !== 'restore') return null;
      const last = liftRecord(schema, entry.schema, { collection: entry.collection, values: entry.content.last });
      if (!last.ok) return null;
      return { kind: 'restore', base: mutation.base, set: mutation.set, last: last.value.values };
    }
    case 'command':
      return { kind: 'command', name: mutation.name, args: mutation.args, targets: mutation.targets };
    case 'discard':
      return { kind: 'discard' };
  }
}
