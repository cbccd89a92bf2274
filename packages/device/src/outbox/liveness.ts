import type { MutationId, Receipt } from '@holdfast/core';
import type { EntryState } from './entry-state.ts';

interface Dependent {
  readonly id: MutationId;
  readonly transaction: string;
  readonly needs: readonly MutationId[];
  readonly state: EntryState;
}

interface Ordered extends Dependent {
  readonly previous: MutationId | null;
  readonly afterReferring: readonly MutationId[];
}

/** Not part of what is seen: it waits for a person, or what a person decided about it is under way. */
export function standsAside(state: EntryState): boolean {
  return state.at === 'conflicted' || state.at === 'refused' || state.at === 'resolving';
}

/** ID5: it may have been sent, and nobody but a person can tell; it stays part of what is seen. */
export function isInDoubt(state: EntryState): boolean {
  return state.at === 'blocked' && state.reason === 'maybe-sent';
}

/** Part of what is seen: neither aside itself nor waiting for one that is. */
export function isLiveState(state: EntryState): boolean {
  return !standsAside(state) && !(state.at === 'blocked' && state.reason === 'not-live');
}

/** The server's answer, where one is here already. */
export function answerOf(state: EntryState): Receipt | null {
  switch (state.at) {
    case 'accepted':
    case 'conflicted':
    case 'refused':
    case 'resolving':
      return state.receipt;
    default:
      return null;
  }
}

/**
 * Who stands for an entry now: itself or, where it was sent again, the entry that resolves it and takes its
 * place in all that waits for it (OB10). Null where that has left the outbox.
 */
export function standInOf<T extends Pick<Dependent, 'state'>>(
  id: MutationId,
  byId: ReadonlyMap<MutationId, T>,
): T | null {
  let entry = byId.get(id) ?? null;
  for (let steps = byId.size; steps > 0 && entry?.state.at === 'resolving' && entry.state.by !== null; steps -= 1) {
    entry = byId.get(entry.state.by) ?? null;
  }
  return entry;
}

type Waits = ReadonlyMap<MutationId, readonly MutationId[]>;

/**
 * The entries that are not live because of others: those that need one that stands aside, directly or
 * through what they need, each with what blocks it. A transaction is blocked as a whole (WR4). Later
 * entries of the same record that need nothing of it go on (OB5, SY6).
 */
export function blockedEntries(entries: readonly Dependent[]): Waits {
  const aside = new Set(entries.filter(({ state }) => standsAside(state)).map(({ id }) => id));
  return waitingFor(
    entries,
    aside,
    ({ needs }) => needs,
    (entry) => !aside.has(entry.id),
  );
}

/**
 * The entries that only come after a blocked one: the server would hold them, for the order of a record
 * is kept (OB1). They were made upon what was seen without it, and so stay part of what is seen (SY6). So do
 * those that wait for one of which nobody knows whether it was received (ID5).
 */
export function heldEntries(entries: readonly Ordered[], blocked: Waits): Waits {
  // What is in doubt holds up the rest of its transaction too (WR4).
  const doubtful = new Map<string, MutationId[]>();
  for (const { id, transaction, state } of entries) if (isInDoubt(state)) push(doubtful, transaction, id);
  return waitingFor(
    entries,
    new Set([...blocked.keys(), ...[...doubtful.values()].flat()]),
    ({ previous, afterReferring, needs, transaction }) => [
      ...(previous === null ? [] : [previous]),
      ...afterReferring,
      ...needs,
      ...(doubtful.get(transaction) ?? []),
    ],
    (entry) => !standsAside(entry.state) && !isInDoubt(entry.state) && !blocked.has(entry.id),
  );
}

/** Everything that needs one of these entries, directly or not; nothing of it makes sense without them (OB11). */
export function dependantsOf(entries: readonly Dependent[], ids: ReadonlySet<MutationId>): Waits {
  return waitingFor(
    entries,
    ids,
    ({ needs }) => needs,
    (entry) => !ids.has(entry.id),
  );
}

/** Everything still to be sent that would be held as long as these entries are not taken. */
export function waitersOf(entries: readonly Ordered[], ids: ReadonlySet<MutationId>): ReadonlySet<MutationId> {
  const dependants = dependantsOf(entries, ids);
  const held = waitingFor(
    entries,
    new Set(dependants.keys()),
    ({ previous, afterReferring, needs }) => [...(previous === null ? [] : [previous]), ...afterReferring, ...needs],
    (entry) => !ids.has(entry.id) && !dependants.has(entry.id),
  );
  const aside = new Set(entries.filter(({ state }) => standsAside(state)).map(({ id }) => id));
  return new Set([...dependants.keys(), ...held.keys()].filter((id) => !aside.has(id)));
}

/** Everything that waits for one of `causes`, directly or not, whole transactions at a time, with the causes it names. */
function waitingFor<T extends Dependent>(
  entries: readonly T[],
  causes: ReadonlySet<MutationId>,
  predecessors: (entry: T) => readonly MutationId[],
  mayWait: (entry: T) => boolean,
): Waits {
  const waits = new Map<MutationId, readonly MutationId[]>();
  if (causes.size === 0) return waits;
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const standIns = (entry: T) =>
    predecessors(entry).flatMap((id) => {
      const standIn = standInOf(id, byId);
      return standIn === null ? [] : [standIn.id];
    });
  const followers = new Map<MutationId, T[]>();
  const members = new Map<string, T[]>();
  for (const entry of entries) {
    push(members, entry.transaction, entry);
    for (const id of standIns(entry)) push(followers, id, entry);
  }
  const waiting = new Set<MutationId>();
  const queue: MutationId[] = [...causes];
  for (let cause = queue.pop(); cause !== undefined; cause = queue.pop()) {
    for (const follower of followers.get(cause) ?? []) {
      if (!mayWait(follower) || waiting.has(follower.id)) continue;
      for (const other of members.get(follower.transaction) ?? []) {
        if (!mayWait(other) || waiting.has(other.id)) continue;
        waiting.add(other.id);
        queue.push(other.id);
      }
    }
  }
  for (const entry of entries) {
    if (!waiting.has(entry.id)) continue;
    const together = (members.get(entry.transaction) ?? []).flatMap(standIns);
    waits.set(entry.id, [...new Set(together.filter((id) => causes.has(id) || waiting.has(id)))]);
  }
  return waits;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
