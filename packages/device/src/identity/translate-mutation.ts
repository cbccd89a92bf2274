import {
  type Change,
  type Collection,
  type IdLookup,
  type JsonObject,
  type Mutation,
  type Operation,
  type Schema,
  translateReferences,
} from '@holdfast/core';

/**
 * ID2: the mutation with every id in it as `lookup` gives it: its record, the references in its fields and
 * arguments, and a command's targets. A create's own record stays: it is what the record is looked up by. Pure.
 */
export function translateMutation(schema: Schema, mutation: Mutation, lookup: IdLookup): Mutation {
  switch (mutation.kind) {
    case 'create':
      return { ...mutation, set: translateChanges(schema.collections.get(mutation.collection), mutation.set, lookup) };
    case 'update': {
      const collection = schema.collections.get(mutation.collection);
      return {
        ...mutation,
        record: lookup(mutation.collection, mutation.record),
        set: translateChanges(collection, mutation.set, lookup),
        ops: mutation.ops.map((operation) => translateOperation(collection, operation, lookup)),
      };
    }
    case 'restore':
      return {
        ...mutation,
        record: lookup(mutation.collection, mutation.record),
        set: translateChanges(schema.collections.get(mutation.collection), mutation.set, lookup),
      };
    case 'delete':
      return { ...mutation, record: lookup(mutation.collection, mutation.record) };
    case 'command':
      return {
        ...mutation,
        args: translateArguments(schema, mutation.name, mutation.args, lookup),
        targets: mutation.targets.map(({ collection, record }) => ({ collection, record: lookup(collection, record) })),
      };
    case 'discard':
      return mutation;
  }
}

export function translateChanges(
  collection: Collection | undefined,
  set: readonly Change[],
  lookup: IdLookup,
): Change[] {
  return set.map((change) => ({
    ...change,
    values: translateValues(collection, change.values, lookup),
    ...(change.was === undefined ? {} : { was: translateValues(collection, change.was, lookup) }),
  }));
}

/** The fields of a record. What the schema does not know is left as it is. */
export function translateValues(collection: Collection | undefined, values: JsonObject, lookup: IdLookup): JsonObject {
  return translateFields(collection?.fields ?? {}, collection?.referring ?? [], values, lookup);
}

/** What a command was called with. */
export function translateArguments(schema: Schema, name: string, args: JsonObject, lookup: IdLookup): JsonObject {
  const types = schema.commands.get(name)?.args ?? {};
  return translateFields(types, Object.keys(types), args, lookup);
}

function translateFields(
  types: Collection['fields'],
  names: readonly string[],
  values: JsonObject,
  lookup: IdLookup,
): JsonObject {
  const changed: [string, JsonObject[string]][] = [];
  for (const name of names) {
    const type = types[name];
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (type === undefined || value === undefined) continue;
    const translated = translateReferences(type, value, lookup);
    if (translated !== value) changed.push([name, translated]);
  }
  return changed.length === 0 ? values : { ...values, ...Object.fromEntries(changed) };
}

/** An element that is added or removed is of the field's own type: it is looked at as a list of one. */
function translateOperation(collection: Collection | undefined, operation: Operation, lookup: IdLookup): Operation {
  const type = collection?.fields[operation.field];
  if (type === undefined || (operation.op !== 'add' && operation.op !== 'remove')) return operation;
  const translated = translateReferences(type, [operation.argument] as JsonObject[string], lookup);
  return Array.isArray(translated) ? { ...operation, argument: translated[0] } : operation;
}
