import { holds, type MutationId, type Receipt, type Snapshot } from '@holdfast/core';
import type { Entry } from '../outbox/entry.ts';
import type { EntryState } from '../outbox/entry-state.ts';
import { moved, type NewState } from '../outbox/entry-state.ts';
import { answerOf } from '../outbox/liveness.ts';
import { restate } from '../outbox/restate.ts';

/** What a checkpoint does to the outbox. */
export interface Settlement {
  /** Their outcome, or that of what resolved them, is part of the checkpoint: they leave the outbox. */
  readonly released: readonly { readonly entry: Entry; readonly receipt: Receipt }[];
  /** New states of those that stay. */
  readonly states: readonly NewState[];
  /** What a person has to be able to find out later. */
  readonly told: readonly { readonly entry: Entry; readonly what: 'too-late' | 'resolved-elsewhere' }[];
}

/**
 * SY15: which entries' outcomes take effect now that the cursor holds `snapshot`. Applied, merged and
 * discarded ones go, and with them what they resolve; conflicted and refused ones stand aside for a person, and
 * what needs them is blocked. An outcome whose transaction the snapshot does not hold yet waits for a later
 * checkpoint.
 */
export function settle(entries: readonly Entry[], snapshot: Snapshot): Settlement {
  const released = new Map<MutationId, { entry: Entry; receipt: Receipt }>();
  const states = new Map<MutationId, EntryState>();
  const told: { entry: Entry; what: 'too-late' | 'resolved-elsewhere' }[] = [];
  const originals = new Map<MutationId, Entry[]>();
  for (const entry of entries) {
    if (entry.state.at !== 'resolving' || entry.state.by === null) continue;
    originals.set(entry.state.by, [...(originals.get(entry.state.by) ?? []), entry]);
  }
  const resolvedBy = (id: MutationId) => originals.get(id) ?? [];
  const letGo = (entry: Entry, receipt: Receipt) => released.set(entry.id, { entry, receipt });

  const giveBack = (original: Entry) => {
    const before = answerOf(original.state);
    if (before === null) states.set(original.id, { at: 'pending' });
    else if (isAside(before)) states.set(original.id, asideState(before));
    else letGo(original, before);
  };

  for (const entry of entries) {
    const receipt = dueReceipt(entry, snapshot);
    if (receipt === null) continue;
    const discarding = entry.state.at === 'resolving';
    if (discarding && receipt.outcome !== 'discarded') told.push({ entry, what: 'too-late' });
    if (receipt.outcome === 'discarded') {
      // Nobody here took it back: the same user did, from a copy of this store, or who resolved it unanswered.
      if (!discarding) told.push({ entry, what: 'resolved-elsewhere' });
      // What it stood for waits for another decision.
      letGo(entry, receipt);
      for (const original of resolvedBy(entry.id)) giveBack(original);
    } else if (!isAside(receipt)) {
      letGo(entry, receipt);
      for (const original of resolvedBy(entry.id)) letGo(original, answerOf(original.state) ?? receipt);
    } else if (receipt.outcome === 'refused' && receipt.reason === 'resolved') {
      // Somebody else has settled what it stands for. Without content of its own nothing of it is left to decide.
      for (const original of resolvedBy(entry.id)) {
        letGo(original, answerOf(original.state) ?? receipt);
        told.push({ entry: original, what: 'resolved-elsewhere' });
      }
      if (entry.content.kind === 'discard') letGo(entry, receipt);
      else states.set(entry.id, { at: 'refused', receipt });
    } else if (entry.content.kind === 'discard') {
      // The decision was not taken: what it was about waits for another one.
      letGo(entry, receipt);
      for (const original of resolvedBy(entry.id)) giveBack(original);
    } else {
      states.set(entry.id, asideState(receipt));
    }
  }
  const staying = entries.filter(({ id }) => !released.has(id));
  const changed = new Map<MutationId, NewState>();
  for (const entry of staying) {
    const state = states.get(entry.id);
    if (state !== undefined) changed.set(entry.id, moved(entry, state));
  }
  const after = staying.map((entry) => ({ ...entry, ...changed.get(entry.id) }));
  for (const each of restate(after)) changed.set(each.id, each);
  return { released: [...released.values()], states: [...changed.values()], told };
}

/** The receipt that takes effect at this checkpoint: of an accepted entry, or of a discard under its own id. */
function dueReceipt({ state }: Entry, snapshot: Snapshot): Receipt | null {
  const mine = state.at === 'accepted' || (state.at === 'resolving' && state.by === null) ? state.receipt : null;
  return mine !== null && holds(snapshot, mine.position) ? mine : null;
}

function isAside({ outcome }: Receipt): boolean {
  return outcome === 'conflict' || outcome === 'refused';
}

/** Where an entry waits for a person after this answer. */
export function asideState(receipt: Receipt): EntryState {
  if (receipt.outcome === 'conflict') return { at: 'conflicted', receipt };
  return { at: 'refused', receipt };
}
