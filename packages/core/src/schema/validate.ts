import type { FieldIssue } from '../errors/holdfast-error.ts';
import type { Json } from '../value/json.ts';
import { normalizeJson } from '../value/normalize.ts';
import { leftOut } from './left-out.ts';
import type { Collection } from './schema.ts';

export type Checked =
  | { readonly ok: true; readonly values: Readonly<Record<string, Json>> }
  | { readonly ok: false; readonly issues: readonly FieldIssue[] };

/**
 * WR2: checks the given fields against the schema and brings them into the form in which they are
 * stored. For a create the missing fields are filled from their defaults, or with null where the
 * type allows it; for an update only what is given is looked at. Names every bad field.
 */
export function validateFields(
  collection: Collection,
  record: string | null,
  input: Readonly<Record<string, unknown>>,
  mode: 'create' | 'update',
): Checked {
  const issues: FieldIssue[] = [];
  const values: Record<string, Json> = {};
  const issue = (path: readonly (string | number)[], expected: string) =>
    issues.push({ collection: collection.name, record, path, expected });
  for (const name of Object.keys(input)) {
    if (!collection.column.has(name)) issue([name], 'no such field in this collection');
  }
  for (const { name, nullable, kind } of collection.columns) {
    const given = Object.hasOwn(input, name) ? input[name] : undefined;
    if (given === undefined && (mode === 'update' || nullable)) {
      if (mode === 'create') values[name] = defaultOrNull(collection, name);
      else if (Object.hasOwn(input, name)) issue([name], 'a value: undefined is neither a value nor null');
      continue;
    }
    const parsed = collection.fields[name]?.safeParse(given);
    if (!parsed?.success) {
      for (const problem of parsed?.error.issues ?? []) {
        issue([name, ...problem.path.map((step) => (typeof step === 'number' ? step : String(step)))], problem.message);
      }
      continue;
    }
    const lost = leftOut(given, parsed.data);
    const normal = normalizeJson(parsed.data);
    if (lost !== null) issue([name, ...lost], 'no such key in the type of this field');
    else if ('problem' in normal) issue([name, ...normal.problem.path], normal.problem.expected);
    else if (kind === 'date' && String(normal.value).startsWith('0000')) issue([name], 'a date from the year 1 on');
    else values[name] = normal.value;
  }
  return issues.length === 0 ? { ok: true, values } : { ok: false, issues };
}

function defaultOrNull(collection: Collection, name: string): Json {
  return defaultFor(collection, name) ?? null;
}

/** What a create gets in a field that is left out: its default, or null where it may be; else undefined. */
export function defaultFor(collection: Collection, name: string): Json | undefined {
  const parsed = collection.fields[name]?.safeParse(undefined);
  const normal = parsed?.success && parsed.data !== undefined ? normalizeJson(parsed.data) : { problem: null };
  if ('value' in normal) return normal.value;
  return collection.column.get(name)?.nullable ? null : undefined;
}
