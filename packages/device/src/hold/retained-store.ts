import { limits, type Stamp } from '@holdfast/core';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/*
 * SY14: of records in a window, their age, and what of them is here. Empty where the device holds records of
 * any age.
 */

/** `missing`: it was given up for its age, only its version is kept. `wanted`: and has changed since. */
export type Content = 'here' | 'missing' | 'wanted';

export interface Retained {
  readonly id: string;
  readonly stamp: Stamp | null;
  readonly content: Content;
  /** It was fetched: it stays until then, milliseconds since 1970, whatever its age. */
  readonly keptUntil: number | null;
}

export async function readRetained(
  tx: ReadTx,
  collection: string,
  ids: readonly string[],
): Promise<Map<string, Retained>> {
  const rows = await tx.all(
    `SELECT id, stamp, content, kept_until FROM hf_retained
     WHERE collection = ? AND id IN (SELECT value FROM json_each(?))`,
    [collection, JSON.stringify(ids)],
  );
  return new Map(
    rows.map((row) => [
      row.id as string,
      {
        id: row.id as string,
        stamp: row.stamp as Stamp | null,
        content: row.content as Content,
        keptUntil: row.kept_until as number | null,
      },
    ]),
  );
}

export async function writeRetained(tx: WriteTx, collection: string, records: readonly Retained[]): Promise<void> {
  await tx.runMany(
    'INSERT OR REPLACE INTO hf_retained (collection, id, stamp, content, kept_until) VALUES (?, ?, ?, ?, ?)',
    records.map(({ id, stamp, content, keptUntil }) => [collection, id, stamp, content, keptUntil]),
  );
}

/** After records have left the device. */
export async function dropRetained(tx: WriteTx): Promise<void> {
  await tx.run(
    `DELETE FROM hf_retained WHERE NOT EXISTS (
       SELECT 1 FROM hf_record r WHERE r.collection = hf_retained.collection AND r.id = hf_retained.id)`,
  );
}

export interface WantedRecord {
  readonly collection: string;
  readonly record: string;
}

/** Records whose content has to be fetched, as many as one exchange may ask for. */
export async function readWanted(tx: ReadTx): Promise<WantedRecord[]> {
  const rows = await tx.all(`SELECT collection, id FROM hf_retained WHERE content = 'wanted' LIMIT ?`, [
    limits.fetchedRecords,
  ]);
  return rows.map((row) => ({ collection: row.collection as string, record: row.id as string }));
}
