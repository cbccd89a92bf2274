import type { Change, Collection, JsonObject, MutationId, Position, Receipt, Schema } from '@holdfast/core';
import { type Entry, needsToText, setOf } from '../outbox/entry.ts';
import type { EntryState } from '../outbox/entry-state.ts';
import { isLiveState } from '../outbox/liveness.ts';
import {
  allEntries,
  commandsOn,
  entriesOf,
  type RecordAddress,
  referringTo,
  setStates,
} from '../outbox/outbox-store.ts';
import type { RecordMapping } from '../ports/backend.ts';
import type { WriteTx } from '../ports/storage-driver.ts';
import { rebaseRecords } from '../rebase/rebase-records.ts';
import { rowToValues } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';

/**
 * ID4: the record that came under its server id before anybody knew whose it was becomes the mapped one, with
 * what the server said of it and what was written upon it meanwhile. False where there was no such record.
 */
export async function moveRecord(tx: WriteTx, schema: Schema, mapping: RecordMapping): Promise<boolean> {
  const collection = schema.collections.get(mapping.collection);
  if (collection === undefined) return false;
  const from = { collection: collection.name, record: mapping.server };
  const to = { collection: collection.name, record: mapping.local };
  const entries = { from: await entriesOf(tx, from), to: await entriesOf(tx, to) };
  const held = await isHeld(tx, from);
  if (!held && entries.from.length === 0) return false;
  await keepUnclearDeletes(tx, collection, { from, to }, entries);
  const confirmed = (await confirmedOf(tx, collection, from)) ?? (await confirmedOf(tx, collection, to));
  await tx.run('DELETE FROM hf_confirmed WHERE collection = ? AND id IN (?, ?)', [
    from.collection,
    from.record,
    to.record,
  ]);
  if (confirmed !== null) {
    await tx.run('INSERT INTO hf_confirmed (collection, id, fields) VALUES (?, ?, ?)', [
      to.collection,
      to.record,
      JSON.stringify(confirmed),
    ]);
  }
  if (held) {
    await tx.run('UPDATE OR REPLACE hf_record SET id = ? WHERE collection = ? AND id = ?', [
      to.record,
      from.collection,
      from.record,
    ]);
  }
  await tx.run(`DELETE FROM ${quote(collection.name)} WHERE id = ?`, [from.record]);
  for (const table of ['hf_outbox', 'hf_sent', 'hf_audit', 'hf_overridden']) {
    await tx.run(`UPDATE OR REPLACE ${table} SET record = ? WHERE collection = ? AND record = ?`, [
      to.record,
      from.collection,
      from.record,
    ]);
  }
  if (entries.from.length > 0) {
    await joinOrder(tx, to);
    await yieldToSent(tx, to);
  }
  await rebaseRecords(tx, schema, [to]);
  return true;
}

async function isHeld(tx: WriteTx, { collection, record }: RecordAddress): Promise<boolean> {
  return (await tx.all('SELECT 1 FROM hf_record WHERE collection = ? AND id = ?', [collection, record])).length > 0;
}

/** What the server said: the kept copy, or the visible row of a record without entries. */
async function confirmedOf(tx: WriteTx, collection: Collection, address: RecordAddress): Promise<JsonObject | null> {
  const [copy] = await tx.all('SELECT fields FROM hf_confirmed WHERE collection = ? AND id = ?', [
    address.collection,
    address.record,
  ]);
  if (copy !== undefined) return JSON.parse(copy.fields as string) as JsonObject;
  if (!(await isHeld(tx, address)) || (await entriesOf(tx, address)).length > 0) return null;
  const [row] = await tx.all(`SELECT * FROM ${quote(collection.name)} WHERE id = ?`, [address.record]);
  return row === undefined ? null : rowToValues(collection, row);
}

/**
 * OB1: what was written under two ids is in one order from here on, the order made: each after what changed the
 * record before it, commands upon it among that; a delete also after what refers to it (OB2). Nothing waits for
 * what is later.
 */
async function joinOrder(tx: WriteTx, address: RecordAddress): Promise<void> {
  const entries = await entriesOf(tx, address);
  const commands = new Set(await commandsOn(tx, address));
  const referring = new Set(await referringTo(tx, address));
  const others = (await allEntries(tx)).filter(({ id }) => commands.has(id) || referring.has(id));
  const before = (seq: number, ids: ReadonlySet<MutationId>) =>
    others.flatMap((other) => (other.seq < seq && ids.has(other.id) ? [other.id] : []));
  for (const [place, entry] of entries.entries()) {
    const after = before(entry.seq, entry.content.kind === 'delete' ? referring : commands);
    await order(tx, entry, entries[place - 1]?.id ?? null, after);
  }
  for (const command of others.filter(({ id }) => commands.has(id))) {
    const last = entries.filter(({ seq }) => seq < command.seq).at(-1);
    if (last !== undefined) await order(tx, command, command.previous, [last.id]);
  }
}

async function order(
  tx: WriteTx,
  entry: Entry,
  previous: MutationId | null,
  after: readonly MutationId[],
): Promise<void> {
  const afterReferring = [...new Set([...entry.afterReferring, ...after])];
  await tx.run('UPDATE hf_outbox SET previous = ?, needs = ? WHERE seq = ?', [
    previous,
    needsToText({ ...entry, afterReferring }),
    entry.seq,
  ]);
}

/**
 * OB1: a change upon the server id may have been sent while an earlier one upon the local id still waited for its
 * create. It arrives later then, and would undo what was made after it: it goes without those fields.
 */
async function yieldToSent(tx: WriteTx, address: RecordAddress): Promise<void> {
  const entries = await entriesOf(tx, address);
  for (const [place, entry] of entries.entries()) {
    if (entry.sent || entry.content.kind !== 'update') continue;
    const later = entries.slice(place + 1).filter(({ sent }) => sent);
    const covered = new Set(
      later.flatMap(({ content }) => setOf(content).flatMap(({ values }) => Object.keys(values))),
    );
    if (covered.size === 0) continue;
    const { kind: _kind, ...body } = { ...entry.content, set: withoutFields(entry.content.set, covered) };
    await tx.run('UPDATE hf_outbox SET body = ? WHERE seq = ?', [JSON.stringify(body), entry.seq]);
  }
}

function withoutFields(set: readonly Change[], covered: ReadonlySet<string>): Change[] {
  const without = (values: JsonObject) =>
    Object.fromEntries(Object.entries(values).filter(([field]) => !covered.has(field)));
  return set.flatMap((change): Change[] => {
    const values = without(change.values);
    if (Object.keys(values).length === 0) return [];
    return [{ ...change, values, ...(change.was && { was: without(change.was) }) }];
  });
}

/**
 * While a record was shown twice, a person may have deleted one of the two and meant to keep the other. Such a
 * delete, if it never left, is not carried out: it is refused here, and its person asked again.
 */
async function keepUnclearDeletes(
  tx: WriteTx,
  collection: Collection,
  { from, to }: { readonly from: RecordAddress; readonly to: RecordAddress },
  entries: { readonly from: readonly Entry[]; readonly to: readonly Entry[] },
): Promise<void> {
  const table = quote(collection.name);
  const shown = async ({ record }: RecordAddress) =>
    (await tx.all(`SELECT 1 FROM ${table} WHERE id = ?`, [record])).length > 0;
  const unclear = [...((await shown(to)) ? entries.from : []), ...((await shown(from)) ? entries.to : [])].filter(
    ({ content, sent, state }) => content.kind === 'delete' && !sent && isLiveState(state),
  );
  for (const { id, transaction } of unclear) {
    const rows = await tx.all('SELECT seq, id FROM hf_outbox WHERE txn = ?', [transaction]);
    await setStates(
      tx,
      rows.map((row) => ({ seq: row.seq as number, state: refusedHere(row.id as MutationId, row.id === id) })),
    );
  }
}

/** Takes effect, like every receipt, at the next checkpoint. */
function refusedHere(id: MutationId, itself: boolean): EntryState {
  const receipt: Receipt = {
    outcome: 'refused',
    id,
    position: '1' as Position,
    reason: itself ? 'rejected' : 'transaction',
    detail: 'the record was shown twice, and turned out to be one',
  };
  return { at: 'accepted', receipt };
}
