import {
  type Collection,
  type CommandMutation,
  type Json,
  type JsonObject,
  markOf,
  normalizeJson,
  type Refusal,
  type Stamp,
  sameJson,
  stampAfter,
  stampMs,
  validateFields,
} from '@holdfast/core';
import { type CommandCall, type CommandRules, type CommandTx, Rejection } from '../commands/command-handler.ts';
import { type RecordVersion, recordKey } from '../store/server-store.ts';
import { isVisible, mayHearOf, mayWrite, meets } from './access.ts';
import type { Deciding } from './decide-context.ts';
import { safeText } from './safe-text.ts';
import type { WorkingCopy, WorkingRecord } from './working-copy.ts';

/** What came of a handler; `fault` is what it threw, for the server's log. */
export type RanCommand =
  | { readonly outcome: 'applied'; readonly result: Json | undefined; readonly versions: readonly RecordVersion[] }
  | {
      readonly outcome: 'refused';
      readonly reason: Refusal;
      readonly detail: string | null;
      readonly fault: unknown;
    };

/** Bytes of a result as JSON. */
const RESULT_BYTES = 64 * 1024;

/** The call that a handler gets for a mutation whose arguments were checked. */
export function callOf(context: Pick<Deciding, 'principal' | 'clamp'>, mutation: CommandMutation): CommandCall {
  const { user, role } = context.principal;
  const actedAtMs = stampMs(context.clamp(mutation.stamp));
  return { id: mutation.id, args: copyOf(mutation.args), user, role, actedAtMs };
}

/** The records that a call may touch: those it refers to and those its rules load. */
export function recordsOf(mutation: CommandMutation, rules: CommandRules, call: CommandCall): Set<string> {
  const all = [...mutation.targets, ...(rules.loads?.(call) ?? [])];
  return new Set(all.map(({ collection, record }) => recordKey(collection, record)));
}

/**
 * Runs a command upon a fork of the working copy, whose writes count only if it is applied. Nothing that the
 * handler does or throws reaches further than its own refusal.
 */
export function runCommand(
  context: Deciding,
  mutation: CommandMutation,
  rules: CommandRules,
  records: WorkingCopy,
): RanCommand {
  try {
    const call = callOf(context, mutation);
    const tx = new HandlerTx(context, mutation, records, recordsOf(mutation, rules, call));
    let given: unknown;
    try {
      given = rules.handle(tx, call);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
    if (tx.stopped !== null) return refused(tx.stopped, null);
    if (given instanceof Rejection) return refused('rejected', safeText(given.reason));
    if (!tx.isWithinScopes()) return refused('forbidden', null);
    return { outcome: 'applied', result: resultOf(mutation.name, given), versions: tx.versions };
  } catch (error) {
    // Not its words: they can hold what it read.
    return { ...refused('rejected', `the command ${safeText(mutation.name)} failed`), fault: error };
  }
}

function refused(reason: Refusal, detail: string | null) {
  return { outcome: 'refused', reason, detail, fault: null } as const;
}

function resultOf(name: string, given: unknown): Json | undefined {
  if (given === undefined) return undefined;
  const normal = normalizeJson(given);
  if ('problem' in normal) throw new Error(`the result of ${name} is not JSON: ${normal.problem.expected}`);
  if (JSON.stringify(normal.value).length > RESULT_BYTES) throw new Error(`the result of ${name} is too large`);
  return normal.value;
}

/** Ends a handler that wants what its writer may not do; what it catches of it changes nothing. */
class Stopped extends Error {}

class HandlerTx implements CommandTx {
  readonly versions: RecordVersion[] = [];
  stopped: Refusal | null = null;
  readonly #context: Deciding;
  readonly #mutation: CommandMutation;
  readonly #records: WorkingCopy;
  readonly #allowed: ReadonlySet<string>;

  constructor(context: Deciding, mutation: CommandMutation, records: WorkingCopy, allowed: ReadonlySet<string>) {
    this.#context = context;
    this.#mutation = mutation;
    this.#records = records;
    this.#allowed = allowed;
  }

  read(collection: string, id: string) {
    const found = this.#shown(this.#collection(collection, id), id);
    return found === null ? null : { ...copyOf(found.state.values), id };
  }

  insert(collection: string, id: string, values: Readonly<Record<string, unknown>>): void {
    const rules = this.#collection(collection, id);
    const checked = this.#checked(rules, id, values, 'create');
    if (!mayWrite(this.#context, rules)) this.#stop('forbidden');
    const before = this.#records.get(collection, id);
    if (before !== null) {
      this.#stop(mayHearOf(this.#context, rules, checked, before, this.#records) ? 'exists' : 'forbidden');
    }
    this.#write(rules, id, 'insert', checked, this.#context.clamp(this.#mutation.stamp));
  }

  update(collection: string, id: string, values: Readonly<Record<string, unknown>>): void {
    const rules = this.#collection(collection, id);
    const checked = this.#checked(rules, id, values, 'update');
    const before = this.#writable(rules, id);
    const { state } = before;
    const differing = Object.keys(checked).filter(
      (field) => !sameJson(fieldOf(checked, field), fieldOf(state.values, field)),
    );
    const fields = new Set(differing.flatMap((field) => rules.groupOf.get(field) ?? []));
    if (fields.size === 0) return;
    const written = [...fields].map((field) => {
      return [field, Object.hasOwn(checked, field) ? fieldOf(checked, field) : fieldOf(state.values, field)] as const;
    });
    const stamp = this.#stampAbove([...fields].map((field) => markOf(state, field).stamp));
    this.#write(rules, id, 'update', Object.fromEntries(written), stamp);
  }

  delete(collection: string, id: string): void {
    const rules = this.#collection(collection, id);
    const { state } = this.#writable(rules, id);
    const marks = [state.created, ...Object.values(state.marks)];
    this.#write(rules, id, 'delete', {}, this.#stampAbove(marks.map(({ stamp }) => stamp)));
  }

  /** SV5, after the change: does the writer still see everything that the command wrote and that lives? */
  isWithinScopes(): boolean {
    return this.versions.every(({ collection, record }) => {
      const rules = this.#context.schema.collections.get(collection);
      const found = this.#records.get(collection, record);
      if (rules === undefined || found === null || found.state.deleted !== null) return true;
      return meets(this.#context, this.#records.scopes(rules, found));
    });
  }

  #collection(name: string, id: string): Collection {
    const found = this.#context.schema.collections.get(name);
    if (found === undefined || !this.#allowed.has(recordKey(name, id))) {
      throw new Error(`${this.#mutation.name}: a record of ${name} that is neither an argument nor named by loads`);
    }
    return found;
  }

  #shown(rules: Collection, id: string): WorkingRecord | null {
    const found = this.#records.get(rules.name, id);
    if (found === null || found.state.deleted !== null) return null;
    return isVisible(this.#context, rules, found, this.#records) ? found : null;
  }

  #writable(rules: Collection, id: string): WorkingRecord {
    const found = this.#shown(rules, id) ?? this.#stop('gone');
    return mayWrite(this.#context, rules) ? found : this.#stop('forbidden');
  }

  #checked(rules: Collection, id: string, values: Readonly<Record<string, unknown>>, mode: 'create' | 'update') {
    const checked = validateFields(rules, id, values, mode);
    if (checked.ok) return checked.values;
    const issues = checked.issues.map(({ path, expected }) => `${path[0]}: ${expected}`);
    throw new Error(`${this.#mutation.name} writes what ${rules.name} does not take: ${issues.join('; ')}`);
  }

  #stop(reason: Refusal): never {
    this.stopped ??= reason;
    throw new Stopped(reason);
  }

  /** A command runs upon what is there: it is later than all that it changes (CF5). */
  #stampAbove(stamps: readonly Stamp[]): Stamp {
    let stamp = this.#context.clamp(this.#mutation.stamp);
    for (const each of stamps) if (stamp <= each) stamp = stampAfter(each);
    return stamp;
  }

  #write(rules: Collection, id: string, kind: 'insert' | 'update' | 'delete', values: JsonObject, stamp: Stamp): void {
    if (this.stopped !== null) throw new Stopped(this.stopped);
    const version = this.#records.write(rules, id, kind, [{ values, stamp, tie: this.#mutation.id }]);
    this.versions.push({ collection: rules.name, record: id, version });
  }
}

function fieldOf(values: Readonly<Record<string, Json>>, field: string): Json {
  return Object.hasOwn(values, field) ? (values[field] ?? null) : null;
}

/** A handler may do with it what it likes. */
function copyOf<T extends JsonObject>(values: T): T {
  return structuredClone(values);
}
