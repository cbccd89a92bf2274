import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Json, JsonObject } from '../value/json.ts';
import { normalizeJson } from '../value/normalize.ts';

/**
 * CF12: one change of an app's schema, as it concerns what was written before it. Names are those of the
 * schema at that point: after the steps before it.
 */
export type Step =
  | { readonly kind: 'renameCollection'; readonly from: string; readonly to: string }
  | { readonly kind: 'dropCollection'; readonly collection: string }
  | { readonly kind: 'renameField'; readonly collection: string; readonly from: string; readonly to: string }
  | { readonly kind: 'dropField'; readonly collection: string; readonly field: string }
  | { readonly kind: 'addField'; readonly collection: string; readonly field: string; readonly value: Json }
  | {
      readonly kind: 'mapFields';
      readonly collection: string;
      readonly from: readonly string[];
      readonly to: readonly string[];
      readonly map: MapValues;
      readonly partial: boolean;
    }
  | { readonly kind: 'mapCommand'; readonly from: string; readonly to: string; readonly map: MapValues };

/** Old values to new ones; null where that cannot be done. Has to be pure: it runs on device and server, and more than once. */
export type MapValues = (values: JsonObject) => JsonObject | null;

/** The steps of a schema by the version they lead to. A version without any changed nothing that was written. */
export type StepDefinitions = Readonly<Record<number, readonly Step[]>>;

export function renameCollection(from: string, to: string): Step {
  return { kind: 'renameCollection', from, to };
}

/** What was written in it can no longer be taken: it waits in the bay. */
export function dropCollection(collection: string): Step {
  return { kind: 'dropCollection', collection };
}

export function renameField(collection: string, from: string, to: string): Step {
  return { kind: 'renameField', collection, from, to };
}

/** What was written in it is left out. */
export function dropField(collection: string, field: string): Step {
  return { kind: 'dropField', collection, field };
}

/**
 * Creates get this value. A field that may be null or has a default needs no step.
 *
 * @throws HoldfastError `InvalidSchema`
 */
export function addField(collection: string, field: string, value: Json): Step {
  const normal = normalizeJson(value);
  if ('value' in normal) return { kind: 'addField', collection, field, value: normal.value };
  throw new HoldfastError('InvalidSchema', `steps: ${collection}.${field}: ${normal.problem.expected}`);
}

/**
 * Splits or merges fields. `map` gets all of `from` and gives all of `to`; what changed only some of `from`
 * cannot be lifted, unless `partial` says that `map` can deal with it.
 */
export function mapFields(
  collection: string,
  fields: { readonly from: readonly string[]; readonly to: readonly string[]; readonly partial?: boolean },
  map: MapValues,
): Step {
  return { kind: 'mapFields', collection, from: fields.from, to: fields.to, map, partial: fields.partial ?? false };
}

/** Renames a command, changes its arguments, or both. */
export function mapCommand(from: string, to: string, map: MapValues = (args) => args): Step {
  return { kind: 'mapCommand', from, to, map };
}

/** The names of a schema, as its steps are checked against. */
export interface SchemaNames {
  readonly collections: ReadonlyMap<string, Iterable<string>>;
  readonly commands: Iterable<string>;
}

/**
 * Checks that the steps lead to this schema, walking back from it: a name that is mistyped leads nowhere.
 *
 * @throws HoldfastError `InvalidSchema`
 */
export function checkedSteps(
  definitions: StepDefinitions,
  version: number,
  names: SchemaNames,
): ReadonlyMap<number, readonly Step[]> {
  const steps = new Map<number, readonly Step[]>();
  for (const [key, list] of Object.entries(definitions)) {
    const to = Number(key);
    if (!Number.isSafeInteger(to) || to < 2 || to > version) {
      throw new HoldfastError('InvalidSchema', `steps: ${key} is not a version from 2 to ${version}`);
    }
    steps.set(to, list);
  }
  const back = new NamesBackwards(names);
  for (const to of [...steps.keys()].sort((a, b) => b - a)) {
    for (const step of [...(steps.get(to) ?? [])].reverse()) {
      const problem = back.undo(step);
      if (problem !== null) throw new HoldfastError('InvalidSchema', `steps to version ${to}: ${problem}`);
    }
  }
  return steps;
}

class NamesBackwards {
  /** Null for a collection of which only the name is known. */
  readonly #collections = new Map<string, Set<string> | null>();
  readonly #commands: Set<string>;

  constructor({ collections, commands }: SchemaNames) {
    for (const [name, fields] of collections) this.#collections.set(name, new Set(fields));
    this.#commands = new Set(commands);
  }

  /** Takes the names to what they were before the step; says what does not fit. */
  undo(step: Step): string | null {
    switch (step.kind) {
      case 'renameCollection': {
        const fields = this.#collections.get(step.to);
        if (fields === undefined) return `there is no collection ${step.to}`;
        if (this.#collections.has(step.from)) return `${step.from} is still there`;
        this.#collections.delete(step.to);
        this.#collections.set(step.from, fields);
        return null;
      }
      case 'dropCollection':
        if (this.#collections.has(step.collection)) return `${step.collection} is still there`;
        this.#collections.set(step.collection, null);
        return null;
      case 'renameField':
        return this.#fields(step.collection, [step.from], [step.to]);
      case 'dropField':
        return this.#fields(step.collection, [step.field], []);
      case 'addField':
        return this.#fields(step.collection, [], [step.field]);
      case 'mapFields':
        if (step.from.length === 0 || step.to.length === 0) return `${step.collection}: maps nothing`;
        return this.#fields(step.collection, step.from, step.to);
      case 'mapCommand':
        if (!this.#commands.delete(step.to)) return `there is no command ${step.to}`;
        this.#commands.add(step.from);
        return null;
    }
  }

  #fields(collection: string, from: readonly string[], to: readonly string[]): string | null {
    const fields = this.#collections.get(collection);
    if (fields === undefined) return `there is no collection ${collection}`;
    if (fields === null) return null;
    for (const field of to) if (!fields.delete(field)) return `${collection} has no field ${field}`;
    for (const field of from) {
      if (fields.has(field)) return `${collection}.${field} is still there`;
      fields.add(field);
    }
    return null;
  }
}
