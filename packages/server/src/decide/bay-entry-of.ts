import type { BayEntry } from '../store/bay.ts';
import type { DecideContext, DeviceTransaction } from './decide-context.ts';
import type { MutationAnswer } from './decide-transaction.ts';

/**
 * SV9: what the bay keeps of a transaction that was just answered: all of it that is new, if it was refused
 * or conflicted. Not what was refused because it is resolved already: there is nothing left to mend.
 */
export function bayEntryOf(
  { principal, device }: DecideContext,
  transaction: DeviceTransaction,
  result: readonly MutationAnswer[],
): BayEntry | null {
  const fresh = new Map(result.filter(({ store }) => store !== null).map(({ receipt }) => [receipt.id, receipt]));
  const mutations = transaction.mutations.filter(({ id }) => fresh.has(id));
  const [first] = mutations;
  const receipts = [...fresh.values()];
  const refusals = receipts.filter((receipt) => receipt.outcome === 'refused');
  const culprit = refusals.find(({ reason }) => reason !== 'transaction') ?? refusals[0];
  const conflicts = receipts.filter((receipt) => receipt.outcome === 'conflict');
  if (first === undefined || culprit?.reason === 'resolved') return null;
  if (culprit === undefined && conflicts.length === 0) return null;
  return {
    id: first.id,
    transaction: transaction.id,
    user: principal.user,
    role: principal.role,
    device,
    outcome: culprit === undefined ? 'conflict' : 'refused',
    reason: culprit?.reason ?? null,
    detail: culprit?.detail ?? null,
    mutations,
    sides: conflicts.flatMap(({ id, sides }) => (sides === null ? [] : [{ mutation: id, sides }])),
  };
}
