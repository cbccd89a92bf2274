import type { FieldIssue } from '../errors/holdfast-error.ts';
import type { Json } from '../value/json.ts';
import { normalizeJson } from '../value/normalize.ts';
import { leftOut } from './left-out.ts';
import { type Reference, referencesIn } from './references.ts';
import type { Command } from './schema.ts';
import type { Checked } from './validate.ts';

/**
 * WR2 for a command: checks its arguments and brings them into the form in which they are stored. Missing
 * ones are filled from their defaults, or with null where the type allows it; optional ones stay out.
 * Names every bad one, under the command's name.
 */
export function validateArgs(command: Command, input: Readonly<Record<string, unknown>>): Checked {
  const issues: FieldIssue[] = [];
  const values: Record<string, Json> = {};
  const issue = (path: readonly (string | number)[], expected: string) =>
    issues.push({ collection: command.name, record: null, path, expected });
  const keep = (name: string, value: unknown, given: unknown = value) => {
    const lost = leftOut(given, value);
    if (lost !== null) {
      issue([name, ...lost], 'no such key in the type of this argument');
      return;
    }
    const normal = normalizeJson(value);
    if ('problem' in normal) issue([name, ...normal.problem.path], normal.problem.expected);
    else values[name] = normal.value;
  };
  for (const name of Object.keys(input)) {
    if (!Object.hasOwn(command.args, name)) issue([name], 'no such argument of this command');
  }
  for (const [name, type] of Object.entries(command.args)) {
    const given = Object.hasOwn(input, name) ? input[name] : undefined;
    const parsed = type.safeParse(given);
    if (given === undefined) {
      const filled = parsed.success ? parsed : type.safeParse(null);
      if (!filled.success) issue([name], parsed.error?.issues[0]?.message ?? 'a value');
      else if (filled.data !== undefined) keep(name, filled.data);
      continue;
    }
    if (parsed.success) keep(name, parsed.data, given);
    else {
      for (const problem of parsed.error.issues) {
        issue([name, ...problem.path.map((step) => (typeof step === 'number' ? step : String(step)))], problem.message);
      }
    }
  }
  return issues.length === 0 ? { ok: true, values } : { ok: false, issues };
}

/** The records that a command's arguments refer to, each once: the lanes it belongs to. */
export function targetsOf(command: Command, args: Readonly<Record<string, Json>>): Reference[] {
  const found = new Map<string, Reference>();
  for (const [name, type] of Object.entries(command.args)) {
    const value = Object.hasOwn(args, name) ? args[name] : undefined;
    for (const each of referencesIn(type, value)) found.set(`${each.collection}/${each.record}`, each);
  }
  return [...found.values()];
}
