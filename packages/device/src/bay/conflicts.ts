import type { ConflictSides, Json, JsonObject, Schema, Version } from '@holdfast/core';
import type { Entry } from '../outbox/entry.ts';
import { allEntries } from '../outbox/outbox-store.ts';
import type { ReadTx } from '../ports/storage-driver.ts';
import { type Confirmed, readConfirmed } from './confirmed.ts';

/** One entry of a conflicted transaction, as a person decides about it (CF7). */
export interface ConflictEntry {
  readonly id: string;
  readonly kind: Entry['content']['kind'];
  readonly collection: string;
  readonly record: string;
  /** The fields to decide; none where only the record's deletion is in question, or nothing of this entry. */
  readonly fields: readonly string[];
  readonly base: JsonObject;
  readonly mine: JsonObject;
  readonly theirs: JsonObject;
  /** Who deleted the record, where one side did. */
  readonly deletion: 'theirs' | 'mine' | null;
  /** Who made `theirs`. */
  readonly by: string | null;
  /** The version that `theirs` shows; give it back with the choice. */
  readonly version: string;
}

/** A conflicted transaction: set aside as a whole, decided as a whole. */
export interface Conflict {
  readonly transaction: string;
  readonly madeAt: number;
  readonly entries: readonly ConflictEntry[];
}

/** Every conflict that waits for a person, with what is there now. */
export async function readConflicts(tx: ReadTx, schema: Schema): Promise<Conflict[]> {
  const found = new Map<string, { transaction: string; madeAt: number; entries: ConflictEntry[] }>();
  for (const entry of await allEntries(tx)) {
    if (entry.state.at !== 'conflicted') continue;
    const confirmed = await readConfirmed(tx, schema, entry);
    const conflict = found.get(entry.transaction) ?? {
      transaction: entry.transaction,
      madeAt: entry.madeAt,
      entries: [],
    };
    conflict.entries.push(conflictEntry(entry, confirmed));
    found.set(entry.transaction, conflict);
  }
  return [...found.values()];
}

/** The sides of a conflicted entry; null where others of its transaction are what conflicts. */
export function sidesOf({ state }: Entry): ConflictSides | null {
  return state.at === 'conflicted' && state.receipt.outcome === 'conflict' ? state.receipt.sides : null;
}

/** The version a choice is made upon, and what stands there: what was pulled last, else what the server sent along. */
export function theirsOf(sides: ConflictSides, confirmed: Confirmed | null): { version: Version; values: JsonObject } {
  return confirmed ?? { version: sides.version, values: sides.theirs };
}

function conflictEntry(entry: Entry, confirmed: Confirmed | null): ConflictEntry {
  const { id, collection, record, content } = entry;
  const sides = sidesOf(entry);
  const head = { id, kind: content.kind, collection, record };
  if (sides === null) {
    const version = confirmed?.version ?? '';
    return { ...head, fields: [], base: {}, mine: {}, theirs: {}, deletion: null, by: null, version };
  }
  const { version, values } = theirsOf(sides, confirmed);
  const { fields, base, mine, deletion, by } = sides;
  const theirs = deletion === null ? pick(values, fields) : values;
  return { ...head, fields, base, mine, theirs, deletion, by, version };
}

function pick(values: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(fields.map((field): [string, Json] => [field, values[field] ?? null]));
}
