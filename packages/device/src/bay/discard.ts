import { HoldfastError, type MutationId, type Schema } from '@holdfast/core';
import { appendAudit } from '../audit/audit-store.ts';
import type { Entry } from '../outbox/entry.ts';
import { moved, type NewState } from '../outbox/entry-state.ts';
import { answerOf, dependantsOf, isLiveState } from '../outbox/liveness.ts';
import {
  allEntries,
  dropReferencesOf,
  isNamed,
  type RecordAddress,
  removeEntry,
  setStates,
} from '../outbox/outbox-store.ts';
import { restate } from '../outbox/restate.ts';
import type { WriteTx } from '../ports/storage-driver.ts';
import { rebaseRecords } from '../rebase/rebase-records.ts';
import { asideState } from '../sync/settle.ts';
import type { WriteIdentity } from '../write/plan-write.ts';
import { sendAgain } from './send-again.ts';

export type Discarded =
  | { readonly done: true; readonly touched: readonly RecordAddress[]; readonly mutations: readonly MutationId[] }
  | { readonly done: false; readonly dependants: readonly MutationId[] };

/**
 * OB11: gives up a transaction, and what depends on it, all or none. Nothing leaves the outbox here that may have
 * been sent or that others name: that goes as a discard, and whichever the server takes first is the outcome.
 *
 * @throws HoldfastError `AlreadyAnswered` where an answer has come that no checkpoint holds yet
 */
export async function discard(
  tx: WriteTx,
  schema: Schema,
  transaction: string,
  withDependants: boolean,
  who: () => Promise<WriteIdentity>,
): Promise<Discarded> {
  const entries = await allEntries(tx);
  const own = entries.filter((entry) => entry.transaction === transaction);
  const dependants = dependantsOf(entries, new Set(own.map(({ id }) => id)));
  if (dependants.size > 0 && !withDependants) return { done: false, dependants: [...dependants.keys()] };
  const given = entries.filter((entry) => entry.transaction === transaction || dependants.has(entry.id));
  // The latest first: what was named only by what is given up too is named by nobody then.
  const transactions = [...new Set(given.map((entry) => entry.transaction))].reverse();
  const mutations: MutationId[] = [];
  for (const each of transactions) {
    const members = given.filter((entry) => entry.transaction === each);
    mutations.push(...(await discardOne(tx, schema, members, who)));
  }
  const after = await allEntries(tx);
  const restated = restate(after);
  await setStates(tx, restated);
  const touched = [...given, ...turned(entries, after, restated)];
  await rebaseRecords(tx, schema, touched);
  return { done: true, touched, mutations };
}

/** Those that are part of what is seen now and were not before, or the other way round. */
function turned(before: readonly Entry[], after: readonly Entry[], restated: readonly NewState[]): Entry[] {
  const live = new Map(before.map(({ id, state }) => [id, isLiveState(state)]));
  const now = new Map(restated.map(({ id, state }) => [id, isLiveState(state)]));
  return after.filter(({ id, state }) => (now.get(id) ?? isLiveState(state)) !== live.get(id));
}

async function discardOne(
  tx: WriteTx,
  schema: Schema,
  members: readonly Entry[],
  who: () => Promise<WriteIdentity>,
): Promise<readonly MutationId[]> {
  if (members.some(({ state }) => state.at === 'accepted')) throw new HoldfastError('AlreadyAnswered');
  const open = members.filter(({ state }) => state.at !== 'resolving');
  if (open.length === 0) return [];
  if (open.every(({ state }) => answerOf(state) !== null)) {
    const given = open.map((entry) => ({ entry, again: { kind: 'leave-out' } as const }));
    return (await sendAgain(tx, schema, given, 'discarded', await who())).mutations;
  }
  const now = await who();
  for (const entry of open) {
    await appendAudit(tx, 'discarded', entry, { content: entry.content }, now.nowMs);
  }
  if (await isNobodys(tx, open)) {
    // The last stamp may go with it: the clock keeps it.
    await tx.run('UPDATE hf_device SET clock = max(clock, ?)', [now.stamp]);
    for (const entry of open) {
      await removeEntry(tx, entry);
      await dropReferencesOf(tx, entry.id);
      await giveBackOriginals(tx, entry);
    }
    return [];
  }
  await setStates(
    tx,
    open.map((entry) => moved(entry, { at: 'resolving', by: null, receipt: null })),
  );
  return open.map(({ id }) => id);
}

/** Never sent, and named by no other entry. */
async function isNobodys(tx: WriteTx, members: readonly Entry[]): Promise<boolean> {
  if (members.some(({ sent }) => sent)) return false;
  const ids = members.map(({ id }) => id);
  for (const id of ids) if (await isNamed(tx, id, ids)) return false;
  return true;
}

/** A decision that was never sent is taken back: what it was about waits for a person again. */
async function giveBackOriginals(tx: WriteTx, decision: Entry): Promise<void> {
  const originals = (await allEntries(tx)).filter(({ state }) => state.at === 'resolving' && state.by === decision.id);
  await setStates(
    tx,
    originals.map((entry) => {
      const answer = answerOf(entry.state);
      return moved(entry, answer === null ? { at: 'pending' } : asideState(answer));
    }),
  );
}
