import { type CommandMutation, liftMutation, type Mutation, RECORD_ID_PATTERN, type Schema } from '@holdfast/core';
import type { CommandHandlers } from '../commands/command-handler.ts';
import { checkCommand } from '../decide/check-command.ts';
import type { DecideContext } from '../decide/decide-context.ts';
import { callOf } from '../decide/run-command.ts';
import { type LoadRequest, type RecordKey, recordKey } from '../store/server-store.ts';

/** Everything that deciding these mutations will ask for. */
export function loadRequestOf(context: DecideContext, mutations: readonly Mutation[]): LoadRequest {
  const { schema, device } = context;
  const ids = new Set(mutations.flatMap(({ id, after, needs, resolves }) => [id, ...after, ...needs, ...resolves]));
  const records = new Map<string, RecordKey>();
  const parents = new Map<string, RecordKey>();
  for (const sent of mutations) {
    const lifted = liftMutation(schema, sent);
    if (!lifted.ok) continue;
    const mutation = lifted.value;
    if (mutation.kind === 'command') {
      for (const key of keysOfCommand(context, mutation)) records.set(recordKey(key.collection, key.id), key);
    }
    if (!('record' in mutation)) continue;
    const collection = schema.collections.get(mutation.collection);
    if (collection === undefined) continue;
    records.set(recordKey(collection.name, mutation.record), { collection: collection.name, id: mutation.record });
    if (mutation.kind === 'delete') continue;
    for (const { field, collection: target } of collection.inherits) {
      for (const { values } of mutation.set) {
        const id = Object.hasOwn(values, field) ? values[field] : null;
        if (typeof id !== 'string' || !RECORD_ID_PATTERN.test(id)) continue;
        parents.set(recordKey(target, id), { collection: target, id });
      }
    }
  }
  return { device, ids: [...ids], records: [...records.values()], parents: [...parents.values()] };
}

/** What a command's handler may touch. One that will be refused needs nothing. */
function keysOfCommand(context: DecideContext, mutation: CommandMutation): RecordKey[] {
  const checked = checkCommand(mutation, context.schema);
  if (!checked.ok) return [];
  const loads = loadsOf(context, checked.value);
  return [...mutation.targets, ...loads]
    .filter(({ collection, record }) => context.schema.collections.has(collection) && RECORD_ID_PATTERN.test(record))
    .map(({ collection, record }) => ({ collection, id: record }));
}

function loadsOf(context: DecideContext, mutation: CommandMutation) {
  try {
    return context.commands.get(mutation.name)?.loads?.(callOf(context, mutation)) ?? [];
  } catch {
    // It throws again where the command is run, and is refused and reported there.
    return [];
  }
}

/** The commands of the schema that have no handler, and the handlers of no command of it. */
export function unmatchedCommands(schema: Schema, handlers: CommandHandlers): string[] {
  return [
    ...[...schema.commands.keys()].filter((name) => !handlers.has(name)).map((name) => `${name} has no handler`),
    ...[...handlers.keys()].filter((name) => !schema.commands.has(name)).map((name) => `${name} is no command`),
  ];
}
