import { createHash } from 'node:crypto';
import type { ReadTx } from '@holdfast/device';

/** Everything that a store says, as one short text: equal for equal content, wherever on the disk it lies. */
export async function dumpStore(tx: ReadTx): Promise<string> {
  const hash = createHash('sha256');
  const parts = await tx.all(`SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name`);
  for (const { type, name, sql } of parts) {
    hash.update(`\n${type} ${name} ${sql}`);
    if (type !== 'table') continue;
    const rows = await tx.all(`SELECT * FROM "${name}"`);
    for (const row of rows.map((each) => JSON.stringify(each)).sort()) hash.update(`\n${row}`);
  }
  return hash.digest('hex').slice(0, 16);
}
