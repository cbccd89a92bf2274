/** Which part of a full batch goes next: null for all of it, else at most so many mutations. */
export type BatchPart = number | null;

/**
 * NW5, hazard B14: after an answer that does not take what was sent: the next part, until one transaction
 * is alone with it. Then that one waits, and its neighbours go on.
 */
export function smallerPart(sent: number, transactions: number): BatchPart {
  return transactions > 1 ? Math.max(1, Math.floor(sent / 2)) : null;
}

/** After a part was taken: as much again and once more; a limit on the way is found anew, but seldom. */
export function largerPart(part: BatchPart, full: number): BatchPart {
  return part === null || part * 2 >= full ? null : part * 2;
}
