import { holds, type MutationId, type Receipt, type Snapshot } from '@holdfast/core';
import type { EntryState } from '../device.ts';
import type { Entry } from '../outbox/entry.ts';
import { blockedEntries, heldEntries, standsAside } from '../outbox/liveness.ts';

/** What a checkpoint does to the outbox. */
export interface Settlement {
  /** Their outcome is part of the checkpoint: they leave the outbox. */
  readonly released: readonly { readonly entry: Entry; readonly receipt: Receipt }[];
  /** New states of those that stay. */
  readonly states: readonly { readonly id: MutationId; readonly seq: number; readonly state: EntryState }[];
}

/**
 * SY15: which entries' outcomes take effect now that the cursor holds `snapshot`. Applied, merged and
 * discarded ones go; conflicted and refused ones stand aside for a person, and what needs them is
 * blocked. An outcome whose transaction the snapshot does not hold yet waits for a later checkpoint.
 */
export function settle(entries: readonly Entry[], snapshot: Snapshot): Settlement {
  const released: { entry: Entry; receipt: Receipt }[] = [];
  const after = new Map<MutationId, EntryState>();
  const staying: Entry[] = [];
  for (const entry of entries) {
    const { state } = entry;
    if (state.at !== 'accepted' || !holds(snapshot, state.receipt.position)) {
      staying.push(entry);
      continue;
    }
    const { receipt } = state;
    if (receipt.outcome === 'conflict' || receipt.outcome === 'refused') {
      const aside: EntryState =
        receipt.outcome === 'conflict' ? { at: 'conflicted', receipt } : { at: 'refused', receipt };
      after.set(entry.id, aside);
      staying.push({ ...entry, state: aside });
    } else {
      released.push({ entry, receipt });
    }
  }
  const blocked = blockedEntries(staying);
  const held = heldEntries(staying, blocked);
  for (const { id, state } of staying) {
    if (state.at === 'accepted' || standsAside(state)) continue;
    const notLive = blocked.get(id);
    const waits = held.get(id);
    if (notLive !== undefined) after.set(id, { at: 'blocked', by: notLive, reason: 'not-live' });
    else if (waits !== undefined) after.set(id, { at: 'blocked', by: waits, reason: 'held' });
    else if (state.at === 'blocked') after.set(id, { at: 'pending' });
  }
  return {
    released,
    states: staying.flatMap(({ id, seq }) => {
      const state = after.get(id);
      return state === undefined ? [] : [{ id, seq, state }];
    }),
  };
}
