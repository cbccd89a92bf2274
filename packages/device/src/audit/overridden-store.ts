import type { JsonObject } from '@holdfast/core';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/** CF6: a record in which a higher rank's value stands instead of one written on this device. */
export interface Overridden {
  readonly collection: string;
  readonly record: string;
  /** Milliseconds since 1970, by this device's clock. */
  readonly at: number;
  /** Whose value stands. */
  readonly by: string | null;
  readonly mine: JsonObject;
  readonly kept: JsonObject;
}

/** Every record that nobody here has looked at since it was overridden, the latest first. */
export async function readOverridden(tx: ReadTx): Promise<Overridden[]> {
  const rows = await tx.all('SELECT * FROM hf_overridden ORDER BY at DESC, collection, record');
  return rows.map((row) => ({
    collection: row.collection as string,
    record: row.record as string,
    at: row.at as number,
    by: row.by as string | null,
    mine: JSON.parse(row.mine as string) as JsonObject,
    kept: JSON.parse(row.kept as string) as JsonObject,
  }));
}

/** Marks the record, beside what of it was overridden before and nobody has seen yet. */
export async function markOverridden(tx: WriteTx, now: Overridden): Promise<void> {
  const { collection, record, at, by } = now;
  const [row] = await tx.all('SELECT mine, kept FROM hf_overridden WHERE collection = ? AND record = ?', [
    collection,
    record,
  ]);
  const mine = { ...(JSON.parse((row?.mine ?? '{}') as string) as JsonObject), ...now.mine };
  const kept = { ...(JSON.parse((row?.kept ?? '{}') as string) as JsonObject), ...now.kept };
  await tx.run(
    'INSERT OR REPLACE INTO hf_overridden (collection, record, at, by, mine, kept) VALUES (?, ?, ?, ?, ?, ?)',
    [collection, record, at, by, JSON.stringify(mine), JSON.stringify(kept)],
  );
}

/** A person has seen it: the mark goes, the audit entry stays. */
export async function markSeen(tx: WriteTx, collection: string, record: string): Promise<void> {
  await tx.run('DELETE FROM hf_overridden WHERE collection = ? AND record = ?', [collection, record]);
}
