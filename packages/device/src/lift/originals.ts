import type { MutationId } from '@holdfast/core';
import type { Entry, EntryContent } from '../outbox/entry.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/**
 * CF12: what an entry said when it was written, under an older schema. The outbox holds it lifted, for everything
 * that is shown and decided here; it is sent as it was written, for so it may have been sent before.
 */
export type Original = Pick<Entry, 'collection' | 'content'>;

export async function keepOriginal(tx: WriteTx, { id, collection, content }: Entry): Promise<void> {
  await tx.run('INSERT OR IGNORE INTO hf_original (id, collection, content) VALUES (?, ?, ?)', [
    id,
    collection,
    JSON.stringify(content),
  ]);
}

export async function readOriginals(tx: ReadTx): Promise<Map<MutationId, Original>> {
  const rows = await tx.all('SELECT id, collection, content FROM hf_original');
  return new Map(
    rows.map((row) => [
      row.id as MutationId,
      { collection: row.collection as string, content: JSON.parse(row.content as string) as EntryContent },
    ]),
  );
}

/** Those whose entries are here no more are nobody's. */
export async function dropOriginals(tx: WriteTx): Promise<void> {
  const [some] = await tx.all('SELECT 1 FROM hf_original LIMIT 1');
  if (some === undefined) return;
  await tx.run(
    'DELETE FROM hf_original WHERE id NOT IN (SELECT id FROM hf_outbox) AND id NOT IN (SELECT id FROM hf_sent)',
  );
}
