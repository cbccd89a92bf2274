import type { SqlRow } from '../ports/storage-driver.ts';
import type { ReadPlan } from './read-plan.ts';

/** A row in the types the schema declares. */
export function decodeRow(row: SqlRow, kinds: ReadPlan['kinds']): Record<string, unknown> {
  const decoded: Record<string, unknown> = { ...row };
  for (const [name, kind] of Object.entries(kinds)) {
    const value = row[name];
    if (value === null || value === undefined) continue;
    if (kind === 'boolean') decoded[name] = value === 1;
    else if (typeof value === 'string') decoded[name] = JSON.parse(value);
  }
  return decoded;
}

/** One result of a live query: the raw rows, to compare with, and what the app got for them. */
export interface LiveRows {
  readonly raw: readonly SqlRow[];
  readonly rows: readonly Record<string, unknown>[];
}

function sameRow(a: SqlRow, b: SqlRow): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/**
 * ST12: the next result of a live query, in which a row that says the same is the same object, and a
 * result that says the same is the same array.
 */
export function nextRows(before: LiveRows | null, raw: readonly SqlRow[], kinds: ReadPlan['kinds']): LiveRows {
  const known = new Map<unknown, number>();
  for (const [index, row] of (before?.raw ?? []).entries()) known.set(row.id ?? index, index);
  let unchanged = before !== null && before.raw.length === raw.length;
  const rows = raw.map((row, index) => {
    // The same place first: a join can give one id several rows.
    const here = before?.raw[index];
    const at = here !== undefined && sameRow(here, row) ? index : known.get(row.id ?? index);
    const old = at === undefined ? undefined : before?.raw[at];
    if (at !== index) unchanged = false;
    if (at !== undefined && old !== undefined && sameRow(old, row)) return before?.rows[at] ?? decodeRow(row, kinds);
    unchanged = false;
    return decodeRow(row, kinds);
  });
  return unchanged && before !== null ? before : { raw, rows };
}
