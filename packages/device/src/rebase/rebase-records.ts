import type { Json, Schema } from '@holdfast/core';
import type { Entry } from '../outbox/entry.ts';
import { isLiveState } from '../outbox/liveness.ts';
import { entriesOf, type RecordAddress } from '../outbox/outbox-store.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';
import { visibleValues } from './apply-content.ts';
import { writeVisible } from './write-visible.ts';

/** Said of an entry that is part of what is seen. */
export function isLive(entry: Entry): boolean {
  return isLiveState(entry.state);
}

async function confirmedValues(
  tx: ReadTx,
  { collection, record }: RecordAddress,
): Promise<Record<string, Json> | null> {
  const rows = await tx.all('SELECT fields FROM hf_confirmed WHERE collection = ? AND id = ?', [collection, record]);
  return rows[0] === undefined ? null : (JSON.parse(rows[0].fields as string) as Record<string, Json>);
}

/**
 * SY5: makes the visible state of these records what confirmed state and live entries say. Every one of
 * them has entries, or had until now: a record that had some keeps its confirmed copy until here, where
 * it becomes the visible one and the copy goes.
 */
export async function rebaseRecords(tx: WriteTx, schema: Schema, records: Iterable<RecordAddress>): Promise<void> {
  for (const address of records) {
    const collection = schema.collections.get(address.collection);
    if (collection === undefined) continue;
    const entries = await entriesOf(tx, address);
    const confirmed = await confirmedValues(tx, address);
    await writeVisible(tx, collection, address.record, visibleValues(confirmed, entries.filter(isLive)));
    if (entries.length === 0) {
      await tx.run('DELETE FROM hf_confirmed WHERE collection = ? AND id = ?', [address.collection, address.record]);
    }
  }
}
