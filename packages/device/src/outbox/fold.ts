import type { Change } from '@holdfast/core';
import { type Entry, type EntryContent, type NewEntry, setOf } from './entry.ts';

/** An unsent entry with a later change of the same record taken into it. */
export interface Fold {
  readonly into: Entry;
  readonly content: EntryContent;
  readonly stamp: NewEntry['stamp'];
  readonly priority: number;
}

/** The record's last entry in the outbox, and whether it is a transaction of its own. */
export interface LastEntry {
  readonly entry: Entry;
  readonly alone: boolean;
}

/**
 * OB6: an update that needs no entry of its own. Only into the last entry of its record, one that was never sent
 * and is a transaction by itself, and only where that adds nothing to wait for: a wait for something made in
 * between could go round in a circle. Each field keeps its own stamp and first base. Null where it does not fold.
 */
export function fold(update: NewEntry, last: LastEntry | null): Fold | null {
  if (last === null || !last.alone || update.content.kind !== 'update') return null;
  const { entry } = last;
  const { content } = entry;
  if (entry.sent || entry.state.at !== 'pending' || entry.resolves.length > 0) return null;
  if (content.kind !== 'create' && content.kind !== 'update') return null;
  if (entry.schema !== update.schema || entry.user !== update.user) return null;
  if (!update.needs.every((id) => entry.needs.includes(id) || id === entry.id)) return null;
  if (!update.afterReferring.every((id) => entry.afterReferring.includes(id))) return null;
  return {
    into: entry,
    content: { ...content, set: foldChanges(content.set, setOf(update.content)) },
    stamp: update.stamp,
    priority: Math.min(entry.priority, update.priority),
  };
}

/** The later changes over the earlier: a field has the base it had first, which the later change was given too. */
function foldChanges(earlier: readonly Change[], later: readonly Change[]): Change[] {
  const covered = new Set(later.flatMap(({ values }) => Object.keys(values)));
  const without = (values: Change['values']) =>
    Object.fromEntries(Object.entries(values).filter(([field]) => !covered.has(field)));
  const rest = earlier.flatMap((change): Change[] => {
    const values = without(change.values);
    if (Object.keys(values).length === 0) return [];
    return [{ ...change, values, ...(change.was && { was: without(change.was) }) }];
  });
  return [...rest, ...later];
}

/**
 * OB6: the unsent create that a delete takes away with itself. Nothing else may be waiting in the record, nor
 * refer to it or name it. Null where the delete has to be sent.
 */
export function cancelled(
  deletion: NewEntry,
  last: LastEntry | null,
  entriesOfRecord: number,
  named: boolean,
): Entry | null {
  if (last === null || !last.alone || named || entriesOfRecord !== 1) return null;
  const { entry } = last;
  if (entry.content.kind !== 'create' || entry.sent || entry.state.at !== 'pending') return null;
  return deletion.afterReferring.length === 0 && entry.resolves.length === 0 ? entry : null;
}
