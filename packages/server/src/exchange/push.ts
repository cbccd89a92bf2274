import {
  type ExchangeRequest,
  HoldfastError,
  type MutationId,
  type Position,
  type Receipt,
  type Snapshot,
} from '@holdfast/core';
import type { DecideContext, DeviceTransaction, Known, UnnumberedReceipt } from '../decide/decide-context.ts';
import { decideExchange, refuseTransaction, transactionsIn } from '../decide/decide-exchange.ts';
import type { Effects, ServerStore, ServerTransaction } from '../store/server-store.ts';
import { loadRequestOf } from './load-request.ts';

export interface Pushed {
  readonly receipts: readonly Receipt[];
  readonly held: readonly MutationId[];
  /** What handlers of commands threw. */
  readonly faults: readonly unknown[];
}

/**
 * Takes in what a device sends: all of it decided and written as one transaction of the database. Null
 * when the device id belongs to another user; nothing is done then.
 */
export function push(
  store: ServerStore,
  who: DecideContext,
  request: ExchangeRequest,
  floor: Snapshot | null = null,
): Promise<Pushed | null> {
  return store.transaction(async (tx) => {
    const { device, principal } = who;
    if ((await tx.meetDevice(device, principal.user, floor)) === 'taken') return null;
    if (request.ack.receipts.length > 0) await tx.acknowledge(device, request.ack.receipts);
    if (request.mutations.length === 0) return { receipts: [], held: [], faults: [] };
    const known = await tx.load(loadRequestOf(who, request.mutations));
    // Another process may have begun one since: what is decided carries the epoch that is written.
    const context = { ...who, epoch: known.epoch };
    // SY11: its device does not know yet that earlier work has to come again, and before this. It is sent again then.
    if (request.epoch !== null && request.epoch !== known.epoch) return { receipts: [], held: [], faults: [] };
    const transactions = transactionsIn(request.mutations);
    const { receipts, held, effects, faults } = decideExchange(context, known, transactions);
    if (isNothing(effects)) return { receipts: await numbered(tx, receipts), held, faults };
    const written = await tx.apply(effects);
    if (written.ok) return { receipts: await numbered(tx, receipts), held, faults };
    return pushSingly(tx, context, known, transactions);
  });
}

/**
 * The database took not all of it: one device transaction at a time, each decided and written by itself,
 * so that the one it will not take is found and refused, and the others are not.
 */
async function pushSingly(
  tx: ServerTransaction,
  context: DecideContext,
  known: Known,
  transactions: readonly DeviceTransaction[],
): Promise<Pushed> {
  const receipts = new Map<MutationId, UnnumberedReceipt>();
  const faults: unknown[] = [];
  let now = known;
  let waiting = transactions;
  for (;;) {
    const left: DeviceTransaction[] = [];
    for (const transaction of waiting) {
      const decided = decideExchange(context, now, [transaction]);
      if (decided.held.length > 0) {
        left.push(transaction);
        continue;
      }
      faults.push(...decided.faults);
      const written = isNothing(decided.effects) ? null : await tx.apply(decided.effects);
      if (written === null || written.ok) {
        now = decided.after();
        for (const receipt of decided.receipts) receipts.set(receipt.id, receipt);
      } else {
        const refusals = refuseTransaction(context, transaction, written.error.detail);
        // Its ids were taken between: what is sent again finds the answer they have now.
        if (!(await tx.apply(refusals)).ok) throw new HoldfastError('Busy', 'an id was answered meanwhile');
        now = { ...now, applied: new Map([...now.applied, ...refusals.applied.map((row) => [row.id, row] as const)]) };
        for (const { receipt } of refusals.applied) receipts.set(receipt.id, receipt);
      }
    }
    if (left.length === waiting.length) break;
    waiting = left;
  }
  const inOrder = transactions.flatMap(({ mutations }) => mutations.flatMap(({ id }) => receipts.get(id) ?? []));
  const held = waiting.flatMap((each) => each.mutations.map(({ id }) => id));
  return { receipts: await numbered(tx, inOrder), held, faults };
}

function isNothing({ batches, applied }: Effects): boolean {
  return batches.length === 0 && applied.length === 0;
}

async function numbered(tx: ServerTransaction, receipts: readonly UnnumberedReceipt[]): Promise<readonly Receipt[]> {
  let position: Position | null = null;
  const all: Receipt[] = [];
  for (const receipt of receipts) {
    if ('position' in receipt) all.push(receipt);
    else {
      position ??= await tx.position();
      all.push({ ...receipt, position });
    }
  }
  return all;
}
