import type { MutationId } from '@holdfast/core';
import type { EntryState } from '../device.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';
import { ENTRY_COLUMNS, type Entry, entryToRow, type NewEntry, rowToEntry } from './entry.ts';

const PENDING_STATE: EntryState = { at: 'pending' };

const APPEND = `INSERT INTO hf_outbox (id, txn, user, kind, collection, record, schema, previous, needs, body, stamp, priority, made_at, sent, tries, state)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)`;

export interface RecordAddress {
  readonly collection: string;
  readonly record: string;
}

export async function appendEntry(
  tx: WriteTx,
  entry: NewEntry,
  refersTo: readonly RecordAddress[],
  state: EntryState = PENDING_STATE,
): Promise<void> {
  await tx.run(APPEND, [...entryToRow(entry), JSON.stringify(state)]);
  for (const { collection, record } of refersTo) {
    await tx.run('INSERT OR IGNORE INTO hf_outbox_ref (collection, record, entry) VALUES (?, ?, ?)', [
      collection,
      record,
      entry.id,
    ]);
  }
}

/** Every entry, in the order made. */
export async function allEntries(tx: ReadTx): Promise<Entry[]> {
  return (await tx.all(`SELECT ${ENTRY_COLUMNS} FROM hf_outbox ORDER BY seq`)).map(rowToEntry);
}

/** The entries of one record, in the order made. */
export async function entriesOf(tx: ReadTx, { collection, record }: RecordAddress): Promise<Entry[]> {
  const rows = await tx.all(`SELECT ${ENTRY_COLUMNS} FROM hf_outbox WHERE collection = ? AND record = ? ORDER BY seq`, [
    collection,
    record,
  ]);
  return rows.map(rowToEntry);
}

/**
 * The id of the create of this record, while it is in the outbox. Not of one that was refused because others
 * had made the record: what is written upon theirs needs nothing of it.
 */
export async function createOf(
  tx: ReadTx,
  { collection, record }: RecordAddress,
): Promise<{ readonly id: MutationId; readonly state: EntryState } | null> {
  const rows = await tx.all(
    `SELECT id, state FROM hf_outbox AS entry WHERE collection = ? AND record = ? AND kind = 'create'
     AND NOT (json_extract(state, '$.at') IN ('conflicted', 'refused')
       AND EXISTS (SELECT 1 FROM hf_record WHERE collection = entry.collection AND id = entry.record))`,
    [collection, record],
  );
  const [row] = rows;
  if (row === undefined) return null;
  return { id: row.id as MutationId, state: JSON.parse(row.state as string) as EntryState };
}

/** The entries that refer to this record. */
export async function referringTo(tx: ReadTx, { collection, record }: RecordAddress): Promise<MutationId[]> {
  const rows = await tx.all('SELECT entry FROM hf_outbox_ref WHERE collection = ? AND record = ?', [
    collection,
    record,
  ]);
  return rows.map((row) => row.entry as MutationId);
}

/** A new state for the entry at this place of the outbox. */
export interface NewState {
  readonly seq: number;
  readonly state: EntryState;
}

export async function setStates(tx: WriteTx, states: readonly NewState[]): Promise<void> {
  await tx.runMany(
    'UPDATE hf_outbox SET state = ? WHERE seq = ?',
    states.map(({ seq, state }) => [JSON.stringify(state), seq]),
  );
}

/** OB8: from here on the entries may have been received, whatever happens to this device. */
export async function markSending(tx: WriteTx, places: readonly number[]): Promise<void> {
  const sending = JSON.stringify({ at: 'sending' } satisfies EntryState);
  await tx.runMany(
    'UPDATE hf_outbox SET state = ?, sent = 1 WHERE seq = ?',
    places.map((seq) => [sending, seq]),
  );
}

/** WR8: the entry's outcome is part of the checkpoint. It goes from the outbox into what was sent, in one step. */
export async function releaseEntry(tx: WriteTx, entry: Entry, receipt: unknown, nowMs: number): Promise<void> {
  await tx.run(
    `INSERT OR REPLACE INTO hf_sent (id, txn, kind, collection, record, previous, content, receipt, made_at, released_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      entry.id,
      entry.transaction,
      entry.content.kind,
      entry.collection,
      entry.record,
      entry.previous,
      JSON.stringify(entry),
      JSON.stringify(receipt),
      entry.madeAt,
      nowMs,
    ],
  );
  await tx.run('DELETE FROM hf_outbox WHERE seq = ?', [entry.seq]);
}

/** After entries have left: what they referred to is nobody's reference any more. */
export async function dropReferences(tx: WriteTx): Promise<void> {
  await tx.run('DELETE FROM hf_outbox_ref WHERE entry NOT IN (SELECT id FROM hf_outbox)');
}

/** The predecessor of an entry of `hf_sent`. */
export async function previousOfSent(tx: ReadTx, id: MutationId): Promise<MutationId | null> {
  const rows = await tx.all('SELECT previous FROM hf_sent WHERE id = ?', [id]);
  return (rows[0]?.previous as MutationId | null | undefined) ?? null;
}
