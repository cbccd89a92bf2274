import type { ConflictSides, Json, JsonObject, Schema, Version } from '@holdfast/core';
import { type Entry, setOf } from '../outbox/entry.ts';
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
  const aside = (await allEntries(tx)).filter(({ state }) => state.at === 'conflicted');
  for (const entry of aside) {
    const confirmed = await readConfirmed(tx, schema, entry);
    const conflict = found.get(entry.transaction) ?? {
      transaction: entry.transaction,
      madeAt: entry.madeAt,
      entries: [],
    };
    const members = aside.filter(({ transaction }) => transaction === entry.transaction);
    conflict.entries.push(conflictEntry(entry, members, confirmed));
    found.set(entry.transaction, conflict);
  }
  return [...found.values()];
}

/**
 * The sides of a conflicted entry; null where others of its transaction are what conflicts. `mine` is what the
 * transaction came to: what its later entries wrote over this one's values is what the person had last said.
 */
export function sidesOf(entry: Entry, members: readonly Entry[]): ConflictSides | null {
  const { state } = entry;
  if (state.at !== 'conflicted' || state.receipt.outcome !== 'conflict' || state.receipt.sides === null) return null;
  const { sides } = state.receipt;
  const mine: Record<string, Json> = { ...sides.mine };
  for (const later of members) {
    if (later.seq <= entry.seq || later.collection !== entry.collection || later.record !== entry.record) continue;
    for (const { values } of setOf(later.content)) {
      for (const [field, value] of Object.entries(values)) if (Object.hasOwn(mine, field)) mine[field] = value;
    }
  }
  return { ...sides, mine };
}

/** The version a choice is made upon, and what stands there: what was pulled last, else what the server sent along. */
export function theirsOf(sides: ConflictSides, confirmed: Confirmed | null): { version: Version; values: JsonObject } {
  return confirmed ?? { version: sides.version, values: sides.theirs };
}

function conflictEntry(entry: Entry, members: readonly Entry[], confirmed: Confirmed | null): ConflictEntry {
  const { id, collection, record, content } = entry;
  const sides = sidesOf(entry, members);
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
