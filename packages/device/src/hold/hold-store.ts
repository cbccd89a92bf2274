import { sameJson } from '@holdfast/core';
import type { ReadTx, StorageDriver } from '../ports/storage-driver.ts';
import { readAgain } from '../sync/read-again.ts';
import { HOLD_ALL, type Hold } from './hold.ts';

/** What this store holds: of several tabs the one that was opened last says it for all. */
export async function readHold(tx: ReadTx): Promise<Hold> {
  const [row] = await tx.all('SELECT hold FROM hf_hold');
  return row === undefined ? HOLD_ALL : (JSON.parse(row.hold as string) as Hold);
}

/**
 * From now on the store holds this. Scopes come and go with the cursor, which names them; for everything else it
 * is read anew, and shown as it was until that has come.
 */
export async function setHold(storage: StorageDriver, hold: Hold): Promise<void> {
  const before = await storage.read(readHold);
  if (sameJson({ ...before }, { ...hold })) return;
  await storage.write(async (tx) => {
    await tx.run('INSERT OR REPLACE INTO hf_hold (one, hold) VALUES (1, ?)', [JSON.stringify(hold)]);
    const same = sameJson({ ...before, scopes: null }, { ...hold, scopes: null });
    if (!same) await readAgain(tx);
  });
}
