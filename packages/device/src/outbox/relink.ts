import type { MutationId } from '@holdfast/core';
import { lanesOf } from './chain.ts';
import type { Entry } from './entry.ts';

/** What says which entries one comes after. */
type Linked = Pick<Entry, 'id' | 'collection' | 'record' | 'content' | 'previous' | 'afterReferring'>;

/**
 * OB1, SY11: what each entry has to name besides, so that the order of every record holds among entries that
 * are sent again. What was written after an earlier one had left the outbox knew it by its version, and in a new
 * history that version is another. A command can have made a version of any record: all that was written later
 * comes after it. Takes all entries in their order; gives those that change.
 */
export function relink<T extends Linked>(entries: readonly T[]): T[] {
  const last = new Map<string, MutationId>();
  const present = new Set(entries.map(({ id }) => id));
  const changed: T[] = [];
  let command: MutationId | null = null;
  for (const entry of entries) {
    const lanes = lanesOf(entry);
    const before = lanes.flatMap((lane) => last.get(lane) ?? []);
    if (command !== null && lanes.length > 0) before.push(command);
    const known = entry.previous !== null && present.has(entry.previous) ? entry.previous : null;
    const previous = known ?? (entry.collection === '' ? null : (last.get(lanes[0] ?? '') ?? null));
    const missing = [...new Set(before)].filter((id) => id !== previous && !entry.afterReferring.includes(id));
    if (previous !== entry.previous || missing.length > 0) {
      changed.push({ ...entry, previous, afterReferring: [...new Set([...entry.afterReferring, ...missing])] });
    }
    for (const lane of lanes) last.set(lane, entry.id);
    if (entry.content.kind === 'command') command = entry.id;
  }
  return changed;
}
