import { type FieldIssue, InvalidWrite, type Json, type JsonObject, type Schema, VERSION_NONE } from '@holdfast/core';
import type { Entry } from '../outbox/entry.ts';
import type { Again, ConflictChoice, FieldChoice } from './choice.ts';
import type { Confirmed } from './confirmed.ts';
import { sidesOf, theirsOf } from './conflicts.ts';

/**
 * What a person's choices come to, for one conflicted entry; `members` is its whole transaction.
 *
 * @throws InvalidWrite where a field in conflict, or whether the record is to be there, was not decided
 */
export function chooseAgain(
  schema: Schema,
  entry: Entry,
  members: readonly Entry[],
  choice: ConflictChoice | undefined,
  confirmed: Confirmed | null,
): Again {
  const sides = sidesOf(entry, members);
  if (sides === null) return { kind: 'as-it-is' };
  const theirs = theirsOf(sides, confirmed);
  const base = versionShown(choice, theirs.version);
  if (sides.deletion !== null) {
    const record = choice?.record;
    if (record === undefined) throw undecided(entry, [], 'record: "keep" or "delete"');
    if (sides.deletion === 'mine') return record === 'delete' ? { kind: 'delete', base } : { kind: 'leave-out' };
    if (record === 'delete') return { kind: 'leave-out' };
    const { values, leaveOut } = decided(choice?.fields ?? {}, sides.mine, theirs.values);
    // Somebody has brought it back already: then it is an update like any other.
    if (confirmed !== null) return { kind: 'set', base, values: { ...sides.mine, ...values }, leaveOut };
    return { kind: 'bring-back', base: sides.version, last: sides.theirs, values, leaveOut };
  }
  const fields = choice?.fields ?? {};
  const open = sides.fields.filter((field) => !Object.hasOwn(fields, field));
  if (open.length > 0) throw undecided(entry, open, '"mine", "theirs" or { value }');
  const { values, leaveOut } = decided(fields, sides.mine, theirs.values);
  const groupOf = schema.collections.get(entry.collection)?.groupOf;
  // A group goes as a whole: what was left to them goes along with what was not.
  for (const field of leaveOut) {
    const together = groupOf?.get(field) ?? [field];
    if (together.some((other) => Object.hasOwn(values, other))) values[field] = theirs.values[field] ?? null;
  }
  return { kind: 'set', base, values, leaveOut };
}

/** What was typed anew for an entry that stands aside: upon what is shown now, else upon what it was written upon. */
export function editAgain(values: JsonObject, { content }: Entry, confirmed: Confirmed | null): Again {
  const base = confirmed?.version ?? ('base' in content ? content.base : VERSION_NONE);
  return { kind: 'set', base, values, leaveOut: new Set() };
}

function versionShown<V extends string>(choice: ConflictChoice | undefined, now: V): V {
  // Only ever older than what is here: a version that never was shown makes the server ask again.
  return (choice?.version as V | undefined) ?? now;
}

function decided(
  fields: Readonly<Record<string, FieldChoice>>,
  mine: JsonObject,
  theirs: JsonObject,
): { values: Record<string, Json>; leaveOut: ReadonlySet<string> } {
  const values: Record<string, Json> = {};
  const leaveOut = new Set<string>();
  for (const [field, choice] of Object.entries(fields)) {
    if (choice === 'theirs') leaveOut.add(field);
    else values[field] = choice === 'mine' ? (mine[field] ?? theirs[field] ?? null) : choice.value;
  }
  return { values, leaveOut };
}

function undecided(entry: Entry, fields: readonly string[], expected: string): InvalidWrite {
  const paths = fields.length === 0 ? [[]] : fields.map((field) => [field]);
  const issues = paths.map((path): FieldIssue => {
    return { collection: entry.collection, record: entry.record, path, expected };
  });
  return new InvalidWrite(issues);
}
