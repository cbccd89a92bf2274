import type { Snapshot } from '@holdfast/core';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/*
 * SV3: what an entry was made upon, so that the server keeps the tombstones that the entry may still meet.
 * A row says: entries from this place on were made upon what a snapshot of this beginning holds, until the
 * next row. So a write costs nothing, and a checkpoint one row.
 */

/** Made upon another history, or nobody knows upon what: before everything of this one. */
const BEFORE_ALL = '1';

const NEXT_PLACE = `SELECT 1 + max(coalesce((SELECT max(seq) FROM hf_outbox), 0), coalesce((SELECT max(seq) FROM hf_sent), 0)) AS place`;

/** What is shown from now on is what this snapshot holds, or more: what is written now is made upon it. */
export async function noteFloor(tx: WriteTx, shown: Snapshot): Promise<void> {
  const place = await nextPlace(tx);
  const [known] = await tx.all('SELECT 1 FROM hf_floor LIMIT 1');
  const [entries] = await tx.all('SELECT min(seq) AS first FROM hf_outbox');
  const first = (entries?.first ?? null) as number | null;
  if (known === undefined && first !== null) await putFloor(tx, 0, BEFORE_ALL);
  // A place can come again, once all that stood behind it is forgotten.
  await tx.run('DELETE FROM hf_floor WHERE seq >= ?', [place]);
  await putFloor(tx, place, beginOf(shown));
  await tx.run('DELETE FROM hf_floor WHERE seq < (SELECT max(seq) FROM hf_floor WHERE seq <= ?)', [first ?? place]);
}

/** A new history begins: of what is in the outbox, and of what is shown, it says nothing. */
export async function forgetFloors(tx: WriteTx): Promise<void> {
  await tx.run('DELETE FROM hf_floor');
}

/** Entries go from their places to the end: they take along what they were made upon. `move` moves them. */
export async function keepFloors(
  tx: WriteTx,
  entries: readonly { readonly seq: number }[],
  move: () => Promise<void>,
): Promise<void> {
  if (entries.length === 0) return;
  const shown = await lowestFrom(tx, Number.MAX_SAFE_INTEGER);
  const taken = await lowestFrom(tx, Math.min(...entries.map(({ seq }) => seq)));
  const from = await nextPlace(tx);
  await move();
  if (shown === null || taken === null) return;
  await putFloor(tx, from, taken);
  await putFloor(tx, await nextPlace(tx), shown);
}

// No outcome yet, or one that a person may still answer with the values of before (CF7, CF9).
const FIRST_UNDECIDED = `SELECT seq FROM hf_outbox WHERE json_extract(state, '$.at') NOT IN ('accepted', 'refused')
  OR json_extract(state, '$.receipt.outcome') = 'conflict' ORDER BY seq LIMIT 1`;

/**
 * What the server may not forget yet for this device: what its oldest entry that can still be decided was made
 * upon, or what it shows. Null before the first answer.
 */
export async function readFloor(tx: ReadTx, epoch: string | null): Promise<Snapshot | null> {
  if (epoch === null) return null;
  const [open] = await tx.all(FIRST_UNDECIDED);
  const lowest = await lowestFrom(tx, (open?.seq as number | undefined) ?? Number.MAX_SAFE_INTEGER);
  const begin = lowest ?? BEFORE_ALL;
  return `${begin}:${begin}:` as Snapshot;
}

/** The lowest of all that entries from this place on were made upon. */
async function lowestFrom(tx: ReadTx, place: number): Promise<string | null> {
  const rows = await tx.all(
    'SELECT floor FROM hf_floor WHERE seq >= coalesce((SELECT max(seq) FROM hf_floor WHERE seq <= ?), 0)',
    [place],
  );
  let least: bigint | null = null;
  for (const row of rows) {
    const floor = BigInt(row.floor as string);
    if (least === null || floor < least) least = floor;
  }
  return least === null ? null : String(least);
}

async function nextPlace(tx: ReadTx): Promise<number> {
  const [row] = await tx.all(NEXT_PLACE);
  return row?.place as number;
}

async function putFloor(tx: WriteTx, place: number, begin: string): Promise<void> {
  await tx.run('INSERT OR REPLACE INTO hf_floor (seq, floor) VALUES (?, ?)', [place, begin]);
}

function beginOf(snapshot: Snapshot): string {
  return snapshot.split(':')[0] ?? BEFORE_ALL;
}
