import type { UnnumberedReceipt } from './decide-context.ts';

/** Does the receipt show what a record held besides what its own writer wrote? */
export function showsTheirs(receipt: UnnumberedReceipt): boolean {
  return receipt.outcome === 'merged' || (receipt.outcome === 'conflict' && receipt.sides !== null);
}

/**
 * SV5: a receipt for somebody who may not see its record any more. The outcome and what he wrote himself
 * stay; what others wrote, and who they are, do not.
 */
export function withoutTheirs<R extends UnnumberedReceipt>(receipt: R): R {
  if (receipt.outcome === 'merged') {
    return { ...receipt, lost: receipt.lost.map((loss) => ({ ...loss, kept: {}, by: null })) };
  }
  if (receipt.outcome !== 'conflict' || receipt.sides === null) return receipt;
  return { ...receipt, sides: { ...receipt.sides, theirs: {}, by: null } };
}
