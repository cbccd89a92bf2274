import type { Entry } from './entry.ts';
import { moved, type NewState } from './entry-state.ts';
import { blockedEntries, heldEntries, isInDoubt, standsAside } from './liveness.ts';

/**
 * What blocks whom, told anew for entries as they stand now: those that need one that stands aside, those that
 * only come after such a one, and those that nothing blocks any more. Gives the states that change.
 */
export function restate(entries: readonly Entry[]): NewState[] {
  const blocked = blockedEntries(entries);
  const held = heldEntries(entries, blocked);
  return entries.flatMap((entry): NewState[] => {
    const { id, state } = entry;
    if (state.at === 'accepted' || standsAside(state)) return [];
    const notLive = blocked.get(id);
    const waits = held.get(id);
    if (notLive !== undefined) return [moved(entry, { at: 'blocked', by: notLive, reason: 'not-live' })];
    if (waits !== undefined) return [moved(entry, { at: 'blocked', by: waits, reason: 'held' })];
    return state.at === 'blocked' && !isInDoubt(state) ? [moved(entry, { at: 'pending' })] : [];
  });
}
