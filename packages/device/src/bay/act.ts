import { HoldfastError, type MutationId, type Schema } from '@holdfast/core';
import { markSeen } from '../audit/overridden-store.ts';
import type { Entry } from '../outbox/entry.ts';
import type { EntryState } from '../outbox/entry-state.ts';
import { answerOf, isInDoubt } from '../outbox/liveness.ts';
import { allEntries, type RecordAddress } from '../outbox/outbox-store.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';
import type { WriteIdentity } from '../write/plan-write.ts';
import type { Again, OutboxAction } from './choice.ts';
import { chooseAgain, editAgain } from './choose-again.ts';
import { readConfirmed } from './confirmed.ts';
import { discard } from './discard.ts';
import { sendAgain } from './send-again.ts';

export type Acted =
  | {
      readonly done: true;
      readonly transaction: string | null;
      readonly mutations: readonly MutationId[];
      readonly touched: readonly RecordAddress[];
    }
  | { readonly done: false; readonly dependants: readonly MutationId[] };

/**
 * OB10, OB11, CF7: does what a person decided about an entry, with its whole transaction (WR4).
 *
 * @throws HoldfastError `NotInOutbox`, `NotAside`, `AlreadyAnswered`; InvalidWrite where values do not fit
 */
export async function act(
  tx: WriteTx,
  schema: Schema,
  action: OutboxAction,
  who: () => Promise<WriteIdentity>,
): Promise<Acted> {
  switch (action.kind) {
    case 'seen': {
      await markSeen(tx, action.collection, action.record);
      return { done: true, transaction: null, mutations: [], touched: [action] };
    }
    case 'discard': {
      const { transaction } = await entryOf(tx, action.id);
      const result = await discard(tx, schema, transaction, action.withDependants, who);
      return result.done ? { ...result, transaction: null } : result;
    }
    case 'resend': {
      const members = await asideWith(tx, action.id, isInDoubt);
      const again = members.map((entry) => ({ entry, again: { kind: 'as-it-is' } as Again }));
      return { done: true, ...(await sendAgain(tx, schema, again, 'resent', await who())) };
    }
    case 'edit': {
      const members = await asideWith(tx, action.id);
      refuseStrangers(Object.keys(action.values), members);
      const edited: { entry: Entry; again: Again }[] = [];
      for (const entry of members) {
        const values = action.values[entry.id];
        const again: Again =
          values === undefined
            ? { kind: 'as-it-is' }
            : editAgain(values, entry, await readConfirmed(tx, schema, entry));
        edited.push({ entry, again });
      }
      return { done: true, ...(await sendAgain(tx, schema, edited, 'edited', await who())) };
    }
    case 'resolve': {
      const members = await asideWith(tx, action.id);
      refuseStrangers(Object.keys(action.choices), members);
      const resolved: { entry: Entry; again: Again }[] = [];
      for (const entry of members) {
        const confirmed = await readConfirmed(tx, schema, entry);
        resolved.push({ entry, again: chooseAgain(schema, entry, members, action.choices[entry.id], confirmed) });
      }
      return { done: true, ...(await sendAgain(tx, schema, resolved, 'resolved', await who())) };
    }
  }
}

async function entryOf(tx: ReadTx, id: string): Promise<Entry> {
  const found = (await allEntries(tx)).find((entry) => entry.id === id);
  if (found === undefined) throw new HoldfastError('NotInOutbox', id);
  return found;
}

/**
 * The entry's whole transaction, all of which stands aside for a person. With `doubt`, also one that none of it has
 * an answer, because nobody knows whether it arrived (ID5).
 */
async function asideWith(
  tx: ReadTx,
  id: string,
  doubt: (state: EntryState) => boolean = () => false,
): Promise<Entry[]> {
  const { transaction } = await entryOf(tx, id);
  const members = (await allEntries(tx)).filter((entry) => entry.transaction === transaction);
  if (members.some(({ state }) => doubt(state))) {
    if (members.every(({ state }) => answerOf(state) === null)) return members;
  }
  if (members.some(({ state }) => state.at !== 'conflicted' && state.at !== 'refused')) {
    throw new HoldfastError('NotAside', id);
  }
  return members;
}

function refuseStrangers(ids: readonly string[], members: readonly Entry[]): void {
  const stranger = ids.find((id) => !members.some((entry) => entry.id === id));
  if (stranger !== undefined) throw new HoldfastError('NotInOutbox', `${stranger} is not of this transaction`);
}
