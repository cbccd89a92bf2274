import type { MutationId } from '@holdfast/core';
import type { EntryState } from '../device.ts';

interface Dependent {
  readonly id: MutationId;
  readonly transaction: string;
  readonly needs: readonly MutationId[];
  readonly state: EntryState;
}

/** A refused or conflicted entry stands aside until a person decides; it is not part of what is seen. */
export function standsAside(state: EntryState): boolean {
  return state.at === 'conflicted' || state.at === 'refused';
}

/** Part of what is seen: neither aside itself nor waiting for one that is. */
export function isLiveState(state: EntryState): boolean {
  return !standsAside(state) && !(state.at === 'blocked' && state.reason === 'not-live');
}

/**
 * The entries that are not live because of others: those that need one that stands aside, directly or
 * through what they need, each with what blocks it. A transaction is blocked as a whole (WR4). Later
 * entries of the same record that need nothing of it go on (OB5, SY6).
 */
export function blockedEntries(entries: readonly Dependent[]): ReadonlyMap<MutationId, readonly MutationId[]> {
  const aside = new Set(entries.filter((entry) => standsAside(entry.state)).map((entry) => entry.id));
  const blocked = new Map<MutationId, readonly MutationId[]>();
  if (aside.size === 0) return blocked;
  for (let grew = true; grew; ) {
    grew = false;
    for (const entry of entries) {
      if (aside.has(entry.id) || blocked.has(entry.id)) continue;
      const by = entry.needs.filter((id) => aside.has(id) || blocked.has(id));
      if (by.length === 0) continue;
      for (const other of entries) {
        if (other.transaction === entry.transaction && !aside.has(other.id) && !blocked.has(other.id)) {
          blocked.set(other.id, by);
        }
      }
      grew = true;
    }
  }
  return blocked;
}

interface Ordered extends Dependent {
  readonly previous: MutationId | null;
  readonly afterReferring: readonly MutationId[];
}

/**
 * The entries that only come after a blocked one: the server would hold them, for the order of a record
 * is kept (OB1). They were made upon what was seen without it, and so stay part of what is seen (SY6).
 */
export function heldEntries(
  entries: readonly Ordered[],
  blocked: ReadonlyMap<MutationId, readonly MutationId[]>,
): ReadonlyMap<MutationId, readonly MutationId[]> {
  const held = new Map<MutationId, readonly MutationId[]>();
  if (blocked.size === 0) return held;
  for (let grew = true; grew; ) {
    grew = false;
    for (const entry of entries) {
      if (standsAside(entry.state) || blocked.has(entry.id) || held.has(entry.id)) continue;
      const predecessors = [
        ...(entry.previous === null ? [] : [entry.previous]),
        ...entry.afterReferring,
        ...entry.needs,
      ];
      const by = predecessors.filter((id) => blocked.has(id) || held.has(id));
      if (by.length === 0) continue;
      for (const other of entries) {
        if (other.transaction === entry.transaction && !held.has(other.id)) held.set(other.id, by);
      }
      grew = true;
    }
  }
  return held;
}
