import type { Scope } from '@holdfast/core';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/** What is known of whether this device holds what the server believes it holds (SY16). */
export interface Checks {
  /** When checksums were compared last, milliseconds since 1970 by this device's clock; null: they are to be. */
  readonly checkedAt: number | null;
  /** Scopes that differed: they are read again, whole. */
  readonly again: readonly Scope[];
  /** The catch-up under way reads `again`. */
  readonly begun: boolean;
  /** When everything, or a whole scope, was read again within the last hour. */
  readonly fullReads: readonly number[];
}

const UNCHECKED: Checks = { checkedAt: null, again: [], begun: false, fullReads: [] };
const DAY_MS = 86_400_000;

export async function readChecks(tx: ReadTx): Promise<Checks> {
  const [row] = await tx.all('SELECT checked_at, again, begun, full_reads FROM hf_check');
  if (row === undefined) return UNCHECKED;
  return {
    checkedAt: row.checked_at as number | null,
    again: JSON.parse(row.again as string) as Scope[],
    begun: row.begun === 1,
    fullReads: JSON.parse(row.full_reads as string) as number[],
  };
}

export async function writeChecks(tx: WriteTx, { checkedAt, again, begun, fullReads }: Checks): Promise<void> {
  await tx.run('INSERT OR REPLACE INTO hf_check (one, checked_at, again, begun, full_reads) VALUES (1, ?, ?, ?, ?)', [
    checkedAt,
    JSON.stringify(again),
    begun ? 1 : 0,
    JSON.stringify(fullReads),
  ]);
}

/** SY16: after each full read, and about once a day; also where the clock was set. */
export function isCheckDue({ checkedAt, again }: Checks, nowMs: number): boolean {
  return checkedAt === null || again.length > 0 || Math.abs(nowMs - checkedAt) >= DAY_MS;
}
