import type { WriteTx } from '../ports/storage-driver.ts';
import type { Traffic } from './byte-budget.ts';

/** Days that are kept, for whoever wants to see what syncing costs. */
const KEPT_DAYS = 35;

/** Adds what travelled to its day, and gives the day's sum. */
export async function countTraffic(tx: WriteTx, day: number, more: Traffic): Promise<Traffic> {
  const [row] = await tx.all('SELECT sent, received FROM hf_traffic WHERE day = ?', [day]);
  const sent = ((row?.sent as number | undefined) ?? 0) + more.sent;
  const received = ((row?.received as number | undefined) ?? 0) + more.received;
  if (more.sent + more.received > 0) {
    await tx.run('INSERT OR REPLACE INTO hf_traffic (day, sent, received) VALUES (?, ?, ?)', [day, sent, received]);
    if (row === undefined) await tx.run('DELETE FROM hf_traffic WHERE day < ?', [day - KEPT_DAYS]);
  }
  return { sent, received };
}
