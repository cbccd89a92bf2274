import { invariant, type MutationId, type Receipt } from '@holdfast/core';

/** OB7: where an entry of the outbox stands; each state has only its own fields. */
export type EntryState =
  | { readonly at: 'pending' }
  | { readonly at: 'sending' }
  | { readonly at: 'waiting'; readonly since: number; readonly nextTry: number; readonly error: string }
  | { readonly at: 'accepted'; readonly receipt: Receipt }
  | { readonly at: 'blocked'; readonly by: readonly string[]; readonly reason: 'held' | 'not-live' | 'maybe-sent' }
  | { readonly at: 'conflicted'; readonly receipt: Receipt }
  | { readonly at: 'refused'; readonly receipt: Receipt }
  /**
   * A person has decided about it. `by`: the entry that was made of it; null where it is to be discarded under
   * its own id. `receipt`: its own answer, null while there is none.
   */
  | { readonly at: 'resolving'; readonly by: MutationId | null; readonly receipt: Receipt | null };

type At = EntryState['at'];

/**
 * OB7: where an entry can go from where it stands. It leaves the outbox (WR8) from `accepted` at a checkpoint
 * that holds its outcome, from `resolving` at one that holds the outcome of what resolved it, and from
 * `pending` when it was never sent and is folded away, cancelled, or discarded with nobody naming it.
 *
 *              ┌──────────────────── given back ◄────────────┐
 *              ▼                                             │
 *   write ► pending ────────────► sending ──► waiting ───► sending
 *            │ ▲ ▲ ▲                 │           │
 *            │ │ │ └── a new epoch ──┼───────────┼──────────────────┐
 *            ▼ │ └──── let go ───┐   │ receipt   │ receipt          │
 *          blocked ◄─────────────┴───┤           │                  │
 *            │                       ▼           ▼                  │
 *            └──────────────────► accepted ──────────► conflicted ──┤
 *                                    │    checkpoint       │        │
 *                                    ├───────────────► refused ─────┤
 *                                    ▼                     │        │
 *                                   gone ◄── resolving ◄───┘ ◄ a person (from anywhere but accepted)
 */
export const TRANSITIONS: Readonly<Record<At, ReadonlySet<At>>> = {
  pending: new Set(['pending', 'sending', 'accepted', 'blocked', 'resolving']),
  sending: new Set(['sending', 'pending', 'waiting', 'accepted', 'blocked', 'resolving']),
  waiting: new Set(['waiting', 'sending', 'pending', 'accepted', 'blocked', 'resolving']),
  accepted: new Set(['accepted', 'pending', 'conflicted', 'refused']),
  blocked: new Set(['blocked', 'pending', 'sending', 'accepted', 'resolving']),
  conflicted: new Set(['resolving', 'pending']),
  refused: new Set(['resolving', 'pending']),
  resolving: new Set(['resolving', 'conflicted', 'refused', 'pending']),
};

/** A new state for the entry at this place of the outbox. */
export interface NewState {
  readonly id: MutationId;
  readonly seq: number;
  readonly state: EntryState;
}

/** The entry's next state. @throws Error where no entry can go from one to the other: a fault of ours, before anything is stored */
export function moved(entry: NewState, to: EntryState): NewState {
  invariant(TRANSITIONS[entry.state.at].has(to.at), `an entry cannot go from ${entry.state.at} to ${to.at}`);
  return { id: entry.id, seq: entry.seq, state: to };
}
