import { err, ok, type Result } from '../result.ts';
import { observe, STAMP_ZERO, type Stamp } from '../time/stamp.ts';
import { isJsonObject, type JsonObject } from '../value/json.ts';
import { normalizeJson } from '../value/normalize.ts';
import { VERSION_NONE, type Version, versionCount, versionEpoch, versionOf } from '../version/version.ts';
import type { Change, Mutation, RecordMutation } from '../wire/mutation.ts';
import type { Schema } from './schema.ts';
import type { MapValues, Step } from './steps.ts';
import { defaultFor } from './validate.ts';
import { targetsOf } from './validate-args.ts';

/**
 * CF12: a copy of a mutation as it would have been made under this schema; the mutation itself where it was.
 * A create is completed by nulls and defaults. Fails, in words without any value, where the declared steps
 * do not lead here; that the copy fits the schema is not checked. Pure.
 */
export function liftMutation(schema: Schema, mutation: Mutation): Result<Mutation, string> {
  if (mutation.schema >= schema.version) return ok(mutation);
  let lifted: Mutation = mutation;
  try {
    for (let version = mutation.schema + 1; version <= schema.version; version += 1) {
      for (const step of schema.lifts.get(version) ?? []) lifted = stepped(lifted, step);
    }
  } catch (error) {
    if (error instanceof CannotLift) return err(error.message);
    throw error;
  }
  return ok({ ...completed(schema, lifted), schema: schema.version });
}

/** CF12: the same for the values of a whole record, which may have another collection's name now. */
export function liftRecord(
  schema: Schema,
  from: number,
  record: { readonly collection: string; readonly values: JsonObject },
): Result<{ readonly collection: string; readonly values: JsonObject }, string> {
  const set = [{ values: record.values, base: VERSION_NONE, stamp: STAMP_ZERO }];
  const lifted = liftMutation(schema, { ...WHOLE_RECORD, schema: from, collection: record.collection, set });
  if (!lifted.ok) return lifted;
  const { value } = lifted;
  if (value.kind !== 'create') return err('a create stays one');
  return ok({ collection: value.collection, values: Object.assign({}, ...value.set.map(({ values }) => values)) });
}

const WHOLE_RECORD = {
  kind: 'create',
  id: '' as Mutation['id'],
  transaction: '' as Mutation['transaction'],
  record: '',
  after: [],
  needs: [],
  resolves: [],
} as const satisfies Partial<Mutation>;

class CannotLift extends Error {}

function stepped(mutation: Mutation, step: Step): Mutation {
  if (mutation.kind === 'discard') return mutation;
  if (mutation.kind === 'command') return steppedCommand(mutation, step);
  switch (step.kind) {
    case 'renameCollection':
      return mutation.collection === step.from ? { ...mutation, collection: step.to } : mutation;
    case 'mapCommand':
      return mutation;
    default:
      return mutation.collection === step.collection ? steppedRecord(mutation, step) : mutation;
  }
}

function steppedCommand(mutation: Extract<Mutation, { kind: 'command' }>, step: Step): Mutation {
  if (step.kind === 'renameCollection') {
    const targets = mutation.targets.map((target) =>
      target.collection === step.from ? { ...target, collection: step.to } : target,
    );
    return { ...mutation, targets };
  }
  if (step.kind !== 'mapCommand' || mutation.name !== step.from) return mutation;
  return { ...mutation, name: step.to, args: mapped(step.map, mutation.args, step.from) };
}

type RecordStep = Exclude<Step, { kind: 'renameCollection' | 'mapCommand' }>;

function steppedRecord(mutation: RecordMutation, step: RecordStep): RecordMutation {
  switch (step.kind) {
    case 'dropCollection':
      throw new CannotLift(`there is no collection ${step.collection} any more`);
    case 'renameField':
      return withFields(mutation, (fields) => rename(fields, step.from, step.to));
    case 'dropField':
      return withFields(mutation, (fields) => without(fields, [step.field]));
    case 'addField': {
      const there = mutation.kind !== 'create' || mutation.set.some(({ values }) => Object.hasOwn(values, step.field));
      return there
        ? mutation
        : { ...mutation, set: [...mutation.set, madeLater(mutation.set, step.field, step.value)] };
    }
    case 'mapFields':
      return mappedFields(mutation, step);
  }
}

/** Renames or drops fields wherever a mutation names them. */
function withFields(mutation: RecordMutation, change: <T>(fields: Readonly<Record<string, T>>) => Record<string, T>) {
  if (mutation.kind === 'delete') return { ...mutation, bases: mutation.bases.map(change) };
  const set = mutation.set
    .map((each) => ({ ...each, values: change(each.values), ...(each.was ? { was: change(each.was) } : {}) }))
    .filter(({ values }) => Object.keys(values).length > 0);
  if (mutation.kind !== 'update') return { ...mutation, set };
  const ops = mutation.ops.flatMap((op) => Object.keys(change({ [op.field]: 0 })).map((field) => ({ ...op, field })));
  return { ...mutation, set, ops };
}

function mappedFields(mutation: RecordMutation, step: Extract<Step, { kind: 'mapFields' }>): RecordMutation {
  if (mutation.kind === 'delete') {
    const bases = mutation.bases.map((shown) => {
      const found = step.from.flatMap((field) => (Object.hasOwn(shown, field) ? [shown[field] ?? VERSION_NONE] : []));
      if (found.length === 0) return shown;
      const base = oldest(found);
      return { ...without(shown, step.from), ...Object.fromEntries(step.to.map((field) => [field, base])) };
    });
    return { ...mutation, bases };
  }
  const where = `${step.collection}.${step.to.join(', ')}`;
  if (mutation.kind === 'update' && mutation.ops.some(({ field }) => step.from.includes(field))) {
    throw new CannotLift(`${where}: made of a field that was changed by an operation`);
  }
  const sources = mutation.set.filter(({ values }) => step.from.some((field) => Object.hasOwn(values, field)));
  if (sources.length === 0) return mutation;
  const given = pickPresent(Object.assign({}, ...sources.map(({ values }) => values)) as JsonObject, step.from);
  const missing = step.from.find((field) => !Object.hasOwn(given, field));
  if (missing !== undefined && !step.partial) throw new CannotLift(`${where}: needs ${missing}, which was not written`);
  const values = pickPresent(mapped(step.map, given, where), step.to);
  const lacking = step.to.find((field) => !Object.hasOwn(values, field));
  if (lacking !== undefined && !step.partial) throw new CannotLift(`${where}: its step gives no ${lacking}`);
  const rest = mutation.set
    .map((each) => ({ ...each, values: without(each.values, step.from) }))
    .filter((each) => Object.keys(each.values).length > 0);
  if (Object.keys(values).length === 0) return { ...mutation, set: rest };
  const made: Change = {
    values,
    base: oldest(sources.map(({ base }) => base)),
    stamp: latest(sources.map(({ stamp }) => stamp)),
    ...formerOf(sources, step),
  };
  return { ...mutation, set: [...rest, made] };
}

/** What the new fields were, where it is known what all their sources were. */
function formerOf(sources: readonly Change[], step: Extract<Step, { kind: 'mapFields' }>): { was?: JsonObject } {
  const former = pickPresent(Object.assign({}, ...sources.map(({ was }) => was ?? {})) as JsonObject, step.from);
  if (!step.from.every((field) => Object.hasOwn(former, field))) return {};
  try {
    return { was: pickPresent(mapped(step.map, former, ''), step.to) };
  } catch (error) {
    if (error instanceof CannotLift) return {};
    throw error;
  }
}

function mapped(map: MapValues, values: JsonObject, where: string): JsonObject {
  let given: JsonObject | null;
  try {
    given = map(JSON.parse(JSON.stringify(values)) as JsonObject);
  } catch {
    throw new CannotLift(`${where}: its step failed`);
  }
  const normal = normalizeJson(given);
  if ('problem' in normal || !isJsonObject(normal.value)) throw new CannotLift(`${where}: its step gives no value`);
  return normal.value;
}

/** What a create lacks, the targets that the arguments name now, and groups in one change each. */
function completed(schema: Schema, mutation: Mutation): Mutation {
  if (mutation.kind === 'discard' || mutation.kind === 'delete') return mutation;
  if (mutation.kind === 'command') {
    const command = schema.commands.get(mutation.name);
    return command === undefined ? mutation : { ...mutation, targets: targetsOf(command, mutation.args) };
  }
  const collection = schema.collections.get(mutation.collection);
  if (collection === undefined) return mutation;
  let set = mutation.set;
  if (mutation.kind === 'create') {
    const there = new Set(set.flatMap(({ values }) => Object.keys(values)));
    for (const { name } of collection.columns) {
      if (there.has(name)) continue;
      const value = defaultFor(collection, name);
      if (value !== undefined) set = [...set, madeLater(set, name, value)];
    }
  }
  return { ...mutation, set: grouped(set, (field) => collection.groupOf.get(field) ?? [field]) };
}

/** A field that a create did not have: as old as what it has. */
function madeLater(set: readonly Change[], field: string, value: Change['values'][string]): Change {
  return { values: { [field]: value }, base: VERSION_NONE, stamp: latest(set.map(({ stamp }) => stamp)) };
}

/** The fields of one group stand in one change: with the oldest base and the latest stamp of where they stood. */
function grouped(set: readonly Change[], groupOf: (field: string) => readonly string[]): Change[] {
  const parted = new Map<readonly string[], Change[]>();
  for (const change of set) {
    for (const field of Object.keys(change.values)) {
      const group = groupOf(field);
      const found = parted.get(group) ?? [];
      if (!found.includes(change)) found.push(change);
      parted.set(group, found);
    }
  }
  let result = [...set];
  for (const [group, changes] of parted) {
    if (changes.length < 2) continue;
    const joined = pickPresent(Object.assign({}, ...changes.map(({ values }) => values)) as JsonObject, group);
    const was = pickPresent(Object.assign({}, ...changes.map((each) => each.was ?? {})) as JsonObject, group);
    const one: Change = {
      values: joined,
      base: oldest(changes.map(({ base }) => base)),
      stamp: latest(changes.map(({ stamp }) => stamp)),
      ...(Object.keys(was).length > 0 ? { was } : {}),
    };
    result = [...result.map((each) => ({ ...each, values: without(each.values, group) })), one];
  }
  return result.filter(({ values }) => Object.keys(values).length > 0);
}

/** Holds no more than each of them does. */
function oldest(bases: readonly Version[]): Version {
  return bases.reduce((a, b) => {
    if (a === VERSION_NONE || b === VERSION_NONE) return VERSION_NONE;
    const [epoch = versionEpoch(a)] = [versionEpoch(a), versionEpoch(b)].sort();
    return versionOf(epoch, Math.min(versionCount(a), versionCount(b)));
  });
}

function latest(stamps: readonly Stamp[]): Stamp {
  return stamps.reduce(observe, STAMP_ZERO);
}

function rename<T>(fields: Readonly<Record<string, T>>, from: string, to: string): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [field === from ? to : field, value]));
}

function without<T>(fields: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !names.includes(field)));
}

function pickPresent(values: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([field]) => names.includes(field)));
}
