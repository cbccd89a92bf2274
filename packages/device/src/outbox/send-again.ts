import type { Receipt, Schema } from '@holdfast/core';
import type { WriteTx } from '../ports/storage-driver.ts';
import { rebaseRecords } from '../rebase/rebase-records.ts';
import { rowToValues } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';
import { addressOf } from '../write/plan-write.ts';
import type { Entry } from './entry.ts';
import type { EntryState } from './entry-state.ts';
import { standsAside } from './liveness.ts';
import { allEntries, moveToEnd, type RecordAddress, restoreEntry, setPredecessors, setStates } from './outbox-store.ts';
import { referencesOf } from './references-of.ts';
import { relink } from './relink.ts';
import { restate } from './restate.ts';

/**
 * SY11: in a new history of the server nothing is known to be answered. Released entries that are still kept come
 * back to their places, and all that was answered waits again under its id. What a person resolved goes as a
 * discard, and what resolved it as it was; so does what was discarded.
 */
export async function sendAgain(tx: WriteTx, schema: Schema): Promise<readonly RecordAddress[]> {
  const waiting = await allEntries(tx);
  const before = new Set(waiting.map(({ collection, record }) => addressOf(collection, record)));
  const rows = await tx.all('SELECT seq, content, receipt FROM hf_sent');
  const released = rows.map(({ seq, content, receipt }): Placed => {
    return {
      entry: { ...(JSON.parse(content as string) as Entry), seq: seq as number },
      receipt: JSON.parse(receipt as string) as Receipt,
    };
  });
  // Each gets a place anew: one that two had once would be lost.
  for (const { entry, receipt } of inOrder(released, waiting)) {
    if (receipt === null) {
      await moveToEnd(tx, [entry]);
      continue;
    }
    if (!before.has(addressOf(entry.collection, entry.record))) {
      before.add(addressOf(entry.collection, entry.record));
      await keepConfirmed(tx, schema, entry);
    }
    await restoreEntry(tx, entry, referencesOf(schema, entry), stateAgain(entry.state, receipt));
  }
  await tx.run('DELETE FROM hf_sent');
  await setPredecessors(tx, relink(await allEntries(tx)));
  const entries = await allEntries(tx);
  const again = entries.map((entry) => ({ ...entry, state: stateAgain(entry.state, null) }));
  const changed = again.filter((entry, index) => entry.state !== entries[index]?.state);
  await setStates(tx, changed);
  await setStates(tx, restate(again));
  await rebaseRecords(tx, schema, again);
  return again;
}

interface Placed {
  readonly entry: Entry;
  /** Null where it waits in the outbox. */
  readonly receipt: Receipt | null;
}

/** By their old places; of equal ones what was released came first, and what was stamped first. */
function inOrder(released: readonly Placed[], waiting: readonly Entry[]): Placed[] {
  const all = [...released, ...waiting.map((entry): Placed => ({ entry, receipt: null }))];
  return all.sort(
    (a, b) =>
      a.entry.seq - b.entry.seq ||
      Number(a.receipt === null) - Number(b.receipt === null) ||
      (a.entry.stamp < b.entry.stamp ? -1 : 1),
  );
}

/** What was clean until now has entries again: what is seen of it becomes its confirmed copy until it is read anew. */
async function keepConfirmed(tx: WriteTx, schema: Schema, { collection, record }: RecordAddress): Promise<void> {
  const known = schema.collections.get(collection);
  if (known === undefined) return;
  const held = await tx.all('SELECT 1 FROM hf_record WHERE collection = ? AND id = ?', [collection, record]);
  const [row] = await tx.all(`SELECT * FROM ${quote(collection)} WHERE id = ?`, [record]);
  if (held.length === 0 || row === undefined) return;
  await tx.run('INSERT OR REPLACE INTO hf_confirmed (collection, id, fields) VALUES (?, ?, ?)', [
    collection,
    record,
    JSON.stringify(rowToValues(known, row)),
  ]);
}

function stateAgain(state: EntryState, receipt: Receipt | null): EntryState {
  if (state.at === 'resolving') return { ...state, receipt: null };
  if (receipt?.outcome === 'discarded') return { at: 'resolving', by: null, receipt: null };
  if (state.at === 'accepted' || standsAside(state) || receipt !== null) return { at: 'pending' };
  return state;
}
