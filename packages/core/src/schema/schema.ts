import type * as z from 'zod';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { CollectionDefinition, Row } from './collection.ts';
import { type Column, columnOf, whyNotStorable } from './column.ts';
import type { CommandDefinition } from './command.ts';
import type { ConflictPolicy, DeletePolicy } from './policies.ts';
import { mayRefer, referencedCollections } from './references.ts';
import { parseScopeTemplate, type ScopeTemplate } from './scope-template.ts';
import { checkedSteps, type Step, type StepDefinitions } from './steps.ts';

/** A collection with everything derived from it that the engine, the server and SQL need. */
export interface Collection {
  readonly name: string;
  /** Place in the schema's name order: what locks and pages are ordered by. */
  readonly index: number;
  readonly columns: readonly Column[];
  readonly column: ReadonlyMap<string, Column>;
  readonly fields: Readonly<Record<string, z.ZodType>>;
  /** The fields whose values can hold references, also nested ones. */
  readonly referring: readonly string[];
  /** For each field the fields that win or lose with it, itself included. */
  readonly groupOf: ReadonlyMap<string, readonly string[]>;
  readonly templates: readonly ScopeTemplate[];
  /** The fields whose records this one takes its scopes from. */
  readonly inherits: readonly { readonly field: string; readonly collection: string }[];
  readonly conflict: ConflictPolicy;
  readonly onDelete: DeletePolicy;
  readonly priority: number;
  readonly indexes: readonly (readonly string[])[];
  readonly writers: readonly string[] | null;
}

/** A command with everything derived from it. */
export interface Command {
  readonly name: string;
  readonly args: Readonly<Record<string, z.ZodType>>;
  readonly priority: number;
}

type Definitions = Readonly<Record<string, CollectionDefinition>>;
export type CommandDefinitions = Readonly<Record<string, CommandDefinition>>;

/** The whole of an app's data: what is stored, who may see it, and how concurrent writes are settled. */
export interface Schema<C extends Definitions = Definitions, M extends CommandDefinitions = CommandDefinitions> {
  readonly version: number;
  readonly collections: ReadonlyMap<string, Collection>;
  readonly commands: ReadonlyMap<string, Command>;
  readonly definitions: C;
  readonly commandDefinitions: M;
  /** By the version they lead to: how what was written before is brought here (CF12). */
  readonly lifts: ReadonlyMap<number, readonly Step[]>;
}

/** The tables of a schema as Kysely wants them. */
export type Tables<S> =
  S extends Schema<infer C, CommandDefinitions> ? { [K in keyof C & string]: Row<C[K], K> } : never;

const NAME = /^[a-z][A-Za-z0-9]{0,49}$/;
const RESERVED_FIELDS = new Set(['id', 'constructor', 'prototype']);
// In small letters: SQL does not tell `iD` from `id`.
const RESERVED_COLLECTIONS = ['hf', 'sqlite', 'pg', 'command'];

/**
 * Checks and completes a schema. A mistake fails here, with the collection and field named, and
 * never later on a device.
 *
 * @throws HoldfastError `InvalidSchema`
 */
export function schema<
  const C extends Definitions,
  const M extends CommandDefinitions = Readonly<Record<never, never>>,
>(definition: { version: number; collections: C; commands?: M; steps?: StepDefinitions }): Schema<C, M> {
  const { version, collections: definitions } = definition;
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new HoldfastError('InvalidSchema', `version must be a whole number from 1, not ${String(version)}`);
  }
  const names = Object.keys(definitions).sort();
  if (names.length === 0) throw new HoldfastError('InvalidSchema', 'there is no collection');
  const folded = new Map<string, string>();
  for (const name of names) {
    const twin = folded.get(name.toLowerCase());
    if (twin) fail(name, null, `differs from "${twin}" in letter case only, which SQL does not tell apart`);
    folded.set(name.toLowerCase(), name);
  }
  const collections = new Map<string, Collection>();
  for (const [index, name] of names.entries()) {
    const found = definitions[name];
    if (found) collections.set(name, complete(name, index, found, definitions));
  }
  for (const collection of collections.values()) checkInheritance(collection, collections);
  const commandDefinitions = (definition.commands ?? {}) as M;
  const commands = new Map<string, Command>();
  for (const [name, each] of Object.entries(commandDefinitions)) {
    commands.set(name, completeCommand(name, each, definitions));
  }
  const fields = new Map([...collections].map(([name, { column }]) => [name, column.keys()]));
  const lifts = checkedSteps(definition.steps ?? {}, version, { collections: fields, commands: commands.keys() });
  return { version, collections, commands, definitions, commandDefinitions, lifts };
}

function completeCommand(name: string, { args, priority }: CommandDefinition, all: Definitions): Command {
  checkName(name, null, NAME);
  for (const [field, type] of Object.entries(args)) {
    checkName(name, field, NAME);
    const reason = whyNotStorable(type, true);
    if (reason) fail(name, field, reason);
    for (const target of referencedCollections(type)) {
      if (!Object.hasOwn(all, target)) fail(name, field, `refers to "${target}", which is not a collection`);
    }
  }
  checkPriority(name, priority);
  return { name, args, priority };
}

function checkPriority(name: string, priority: number): void {
  if (!Number.isSafeInteger(priority) || priority < 1 || priority > 9) {
    fail(name, null, 'priority must be a whole number from 1 to 9');
  }
}

function fail(collection: string, field: string | null, problem: string): never {
  throw new HoldfastError('InvalidSchema', `${field === null ? collection : `${collection}.${field}`}: ${problem}`);
}

function complete(name: string, index: number, definition: CollectionDefinition, all: Definitions): Collection {
  const { fields, rules } = definition;
  checkName(name, null, NAME);
  const reserved = RESERVED_COLLECTIONS.find(
    (prefix) => name.toLowerCase().startsWith(prefix) && /^(_|[A-Z]|$)/.test(name.slice(prefix.length)),
  );
  if (reserved) fail(name, null, `names that begin with "${reserved}" are reserved`);
  const columns = Object.entries(fields).map(([field, type]) => checkedColumn(name, field, type, fields, all));
  if (columns.length === 0) fail(name, null, 'has no fields');
  const column = new Map(columns.map((each) => [each.name, each]));
  const known = (field: string, where: string) => {
    if (field !== 'id' && !column.has(field)) fail(name, field, `${where} names a field that does not exist`);
  };
  for (const each of rules.indexes) for (const field of each) known(field, 'an index');
  checkPriority(name, rules.priority);
  return {
    name,
    index,
    columns,
    column,
    fields,
    referring: columns.filter((each) => mayRefer(fieldType(fields, each.name))).map((each) => each.name),
    groupOf: groupsOf(name, rules.groups, column),
    ...scopesOf(name, rules.scopes, column),
    conflict: rules.conflict,
    onDelete: rules.onDelete,
    priority: rules.priority,
    indexes: rules.indexes,
    writers: rules.writers,
  };
}

function fieldType(fields: Readonly<Record<string, z.ZodType>>, name: string): z.ZodType {
  const type = fields[name];
  if (type === undefined) throw new HoldfastError('InvalidSchema', `${name} has no type`);
  return type;
}

function checkName(collection: string, field: string | null, pattern: RegExp): void {
  if (!pattern.test(field ?? collection)) {
    fail(collection, field, 'a name is a small letter followed by up to 49 letters and digits');
  }
}

function checkedColumn(
  collection: string,
  field: string,
  type: z.ZodType,
  fields: Readonly<Record<string, z.ZodType>>,
  all: Definitions,
): Column {
  if (RESERVED_FIELDS.has(field.toLowerCase())) fail(collection, field, 'this name is reserved');
  checkName(collection, field, NAME);
  const twin = Object.keys(fields).find((other) => other !== field && other.toLowerCase() === field.toLowerCase());
  if (twin) fail(collection, field, `differs from "${twin}" in letter case only, which SQL does not tell apart`);
  const reason = whyNotStorable(type);
  if (reason) fail(collection, field, reason);
  for (const target of referencedCollections(type)) {
    if (!Object.hasOwn(all, target)) fail(collection, field, `refers to "${target}", which is not a collection`);
  }
  return columnOf(field, type);
}

function groupsOf(
  collection: string,
  groups: readonly (readonly string[])[],
  column: ReadonlyMap<string, Column>,
): ReadonlyMap<string, readonly string[]> {
  const groupOf = new Map<string, readonly string[]>();
  for (const group of groups) {
    if (group.length < 2) fail(collection, group[0] ?? null, 'a group needs two fields or more');
    // One array for the whole group: a set of them counts each group once.
    const fields = [...group].sort();
    for (const field of fields) {
      if (!column.has(field)) fail(collection, field, 'a group names a field that does not exist');
      if (groupOf.has(field)) fail(collection, field, 'is in two groups');
      groupOf.set(field, fields);
    }
  }
  for (const field of column.keys()) if (!groupOf.has(field)) groupOf.set(field, [field]);
  return groupOf;
}

function scopesOf(
  collection: string,
  rules: CollectionDefinition['rules']['scopes'],
  column: ReadonlyMap<string, Column>,
): Pick<Collection, 'templates' | 'inherits'> {
  if (rules.length === 0) {
    fail(collection, null, "has no scopes, so nobody could see it: name one, such as 'everyone'");
  }
  const templates: ScopeTemplate[] = [];
  const inherits: { field: string; collection: string }[] = [];
  for (const rule of rules) {
    if (typeof rule !== 'string') {
      const target = column.get(rule.inherit)?.references;
      if (!column.has(rule.inherit))
        fail(collection, rule.inherit, 'a scope is inherited through a field that does not exist');
      if (!target) fail(collection, rule.inherit, 'a scope is inherited through a field that is not a ref');
      inherits.push({ field: rule.inherit, collection: target });
      continue;
    }
    const template = parseScopeTemplate(rule);
    if (template === null || rule.length === 0) fail(collection, null, `the scope "${rule}" is not a template`);
    for (const field of template.fields) {
      const kind = field === 'id' ? 'text' : column.get(field)?.kind;
      if (kind === undefined) fail(collection, field, `the scope "${rule}" names a field that does not exist`);
      if (kind === 'json' || kind === 'real')
        fail(collection, field, `the scope "${rule}" needs a text or whole number`);
    }
    const escapes = template.fields.map((field, at) => {
      const kind = field === 'id' ? 'text' : column.get(field)?.kind;
      return kind === 'text' || kind === 'instant' ? (template.escapes[at] ?? []) : [];
    });
    templates.push({ ...template, escapes });
  }
  return { templates, inherits };
}

// One level: a chain would have to be locked from its root on each write (see docs/decisions).
function checkInheritance(collection: Collection, all: ReadonlyMap<string, Collection>): void {
  for (const { field, collection: target } of collection.inherits) {
    const parent = all.get(target);
    if (parent && parent.inherits.length > 0) {
      fail(collection.name, field, `inherits from "${target}", which itself inherits: refer to where the scope stands`);
    }
  }
}
