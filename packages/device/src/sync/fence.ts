import { setStates } from '../outbox/outbox-store.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/**
 * SY2, hazard F7: each exchange takes the next number in the transaction that builds it, and whatever it
 * stores afterwards it stores only while its number is the newest. A tab that was frozen in the middle of
 * one, and thaws after another tab has gone on, changes nothing.
 */
export async function takeFence(tx: WriteTx): Promise<number> {
  const [row] = await tx.all('SELECT fence, ended FROM hf_link');
  const [fence, ended] = [(row?.fence as number | undefined) ?? 0, (row?.ended as number | undefined) ?? 0];
  // The last one never came to an end: what it was sending is nobody's any more (OB8).
  if (ended < fence) await takeBackSending(tx);
  await tx.run(
    `INSERT INTO hf_link (one, fence, ended, token_number) VALUES (1, ?, ?, 0)
     ON CONFLICT (one) DO UPDATE SET fence = excluded.fence`,
    [fence + 1, ended],
  );
  return fence + 1;
}

/** Ends this exchange's part in the store. False where another one has begun since: then nothing of it counts. */
export async function endFence(tx: WriteTx, fence: number): Promise<boolean> {
  return (await tx.run('UPDATE hf_link SET ended = fence WHERE fence = ?', [fence])) === 1;
}

/** The number of the newest exchange; 0 before the first. */
export async function readFence(tx: ReadTx): Promise<number> {
  const [row] = await tx.all('SELECT fence FROM hf_link');
  return (row?.fence as number | undefined) ?? 0;
}

async function takeBackSending(tx: WriteTx): Promise<void> {
  const rows = await tx.all(`SELECT seq FROM hf_outbox WHERE json_extract(state, '$.at') = 'sending'`);
  await setStates(
    tx,
    rows.map((row) => ({ seq: row.seq as number, state: { at: 'pending' } })),
  );
}
