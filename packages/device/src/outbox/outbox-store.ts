import { holds, type MutationId, type Position, type Receipt, type Snapshot, type TransactionId } from '@holdfast/core';
import type { ReadTx, SqlRow, SqlValue, WriteTx } from '../ports/storage-driver.ts';
import { ENTANGLED } from '../store/tables.ts';
import { ENTRY_COLUMNS, type Entry, entryToRow, type NewEntry, needsToText, parseNeeds, rowToEntry } from './entry.ts';
import type { EntryState, NewState } from './entry-state.ts';
import { keepFloors } from './floor-store.ts';
import type { Fold, LastEntry } from './fold.ts';

const PENDING_STATE: EntryState = { at: 'pending' };

// Places are never used twice, also not those of released entries: in a new epoch they come back in their order.
const NEXT_SEQ = `(SELECT 1 + max(coalesce((SELECT max(seq) FROM hf_outbox), 0), coalesce((SELECT max(seq) FROM hf_sent), 0)))`;

const APPEND = `INSERT INTO hf_outbox (seq, id, txn, user, kind, collection, record, schema, previous, needs, body, stamp, priority, made_at, sent, tries, state)
  VALUES (${NEXT_SEQ}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)`;

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
  await addReferences(tx, entry, refersTo);
}

async function addReferences(
  tx: WriteTx,
  entry: Pick<Entry, 'id' | 'content'>,
  refersTo: readonly RecordAddress[],
): Promise<void> {
  for (const { collection, record } of refersTo) {
    await tx.run('INSERT OR IGNORE INTO hf_outbox_ref (collection, record, entry, command) VALUES (?, ?, ?, ?)', [
      collection,
      record,
      entry.id,
      entry.content.kind === 'command' ? 1 : 0,
    ]);
  }
}

/** Puts a released entry back, at the last place. */
export async function restoreEntry(
  tx: WriteTx,
  entry: Entry,
  refersTo: readonly RecordAddress[],
  state: EntryState,
): Promise<void> {
  await tx.run(
    `INSERT INTO hf_outbox (seq, id, txn, user, kind, collection, record, schema, previous, needs, body, stamp, priority, made_at, sent, tries, state)
     VALUES (${NEXT_SEQ}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`,
    [...entryToRow(entry), entry.tries, JSON.stringify(state)],
  );
  await addReferences(tx, entry, refersTo);
}

/** Every entry, in the order made. */
export async function allEntries(tx: ReadTx): Promise<Entry[]> {
  return (await tx.all(`SELECT ${ENTRY_COLUMNS} FROM hf_outbox ORDER BY seq`)).map(rowToEntry);
}

/**
 * Every entry that is not plain, with the rest of its transaction, in the order made. An answer can change the state of
 * these and of those it speaks of, and of no others.
 */
export async function entangledEntries(tx: ReadTx): Promise<Entry[]> {
  const rows = await tx.all(`SELECT ${ENTRY_COLUMNS} FROM hf_outbox WHERE ${ENTANGLED}`);
  const found = rows.map(rowToEntry);
  const here = new Set<string>(found.map(({ id }) => id));
  const firsts = found.map(({ transaction }) => transaction as string).filter((id) => !here.has(id));
  return [...found, ...(await entriesNamed(tx, new Set(firsts)))].sort((one, other) => one.seq - other.seq);
}

/** The records that have entries. */
export async function dirtyRecords(tx: ReadTx): Promise<RecordAddress[]> {
  const rows = await tx.all('SELECT DISTINCT collection, record FROM hf_outbox');
  return rows.map((row) => ({ collection: row.collection as string, record: row.record as string }));
}

/** The entries of one record, in the order made. */
export async function entriesOf(tx: ReadTx, { collection, record }: RecordAddress): Promise<Entry[]> {
  const rows = await tx.all(`SELECT ${ENTRY_COLUMNS} FROM hf_outbox WHERE collection = ? AND record = ? ORDER BY seq`, [
    collection,
    record,
  ]);
  return rows.map(rowToEntry);
}

/** The entries of these records, each in the order made. */
export async function entriesOfRecords(
  tx: ReadTx,
  collection: string,
  records: readonly string[],
): Promise<Map<string, Entry[]>> {
  const rows = await tx.all(
    `SELECT ${ENTRY_COLUMNS} FROM hf_outbox
     WHERE collection = ? AND record IN (SELECT value FROM json_each(?)) ORDER BY seq`,
    [collection, JSON.stringify(records)],
  );
  const found = new Map<string, Entry[]>();
  for (const row of rows) {
    const entry = rowToEntry(row);
    const own = found.get(entry.record);
    if (own === undefined) found.set(entry.record, [entry]);
    else own.push(entry);
  }
  return found;
}

/**
 * The create of this record, while it is in the outbox: the one that stands, where it was sent again. Not one
 * that was refused because others had made the record: what is written upon theirs needs nothing of it.
 */
export async function createOf(
  tx: ReadTx,
  { collection, record }: RecordAddress,
): Promise<{ readonly id: MutationId; readonly state: EntryState } | null> {
  const rows = await tx.all(
    `SELECT id, state FROM hf_outbox AS entry WHERE collection = ? AND record = ? AND kind = 'create'
     AND NOT (json_extract(state, '$.at') IN ('conflicted', 'refused', 'resolving')
       AND EXISTS (SELECT 1 FROM hf_record WHERE collection = entry.collection AND id = entry.record))
     ORDER BY json_extract(state, '$.at') = 'resolving' DESC, seq`,
    [collection, record],
  );
  const row = rows.at(-1);
  if (row === undefined) return null;
  return { id: row.id as MutationId, state: JSON.parse(row.state as string) as EntryState };
}

/** The commands in the outbox that target this record. */
export async function commandsOn(tx: ReadTx, { collection, record }: RecordAddress): Promise<MutationId[]> {
  const rows = await tx.all('SELECT entry FROM hf_outbox_ref WHERE collection = ? AND record = ? AND command = 1', [
    collection,
    record,
  ]);
  return rows.map((row) => row.entry as MutationId);
}

/** The entries that refer to this record. */
export async function referringTo(tx: ReadTx, { collection, record }: RecordAddress): Promise<MutationId[]> {
  const rows = await tx.all('SELECT entry FROM hf_outbox_ref WHERE collection = ? AND record = ?', [
    collection,
    record,
  ]);
  return rows.map((row) => row.entry as MutationId);
}

/** Stores what these entries come after. */
export async function setPredecessors(tx: WriteTx, entries: readonly Entry[]): Promise<void> {
  await tx.runMany(
    'UPDATE hf_outbox SET previous = ?, needs = ? WHERE seq = ?',
    entries.map((entry) => [entry.previous, needsToText(entry), entry.seq]),
  );
}

export async function setStates(tx: WriteTx, states: readonly Pick<NewState, 'seq' | 'state'>[]): Promise<void> {
  await tx.runMany(
    'UPDATE hf_outbox SET state = ? WHERE seq = ?',
    states.map(({ seq, state }) => [JSON.stringify(state), seq]),
  );
}

/** OB8: from here on the entries may have been received, whatever happens to this device. */
export async function markSending(tx: WriteTx, places: readonly number[]): Promise<void> {
  const sending = JSON.stringify({ at: 'sending' } satisfies EntryState);
  await tx.runMany(
    // What a person has taken back stays out of what is seen: it goes as a discard (OB11).
    `UPDATE hf_outbox SET sent = 1, state = CASE json_extract(state, '$.at') WHEN 'resolving' THEN state ELSE ? END WHERE seq = ?`,
    places.map((seq) => [sending, seq]),
  );
}

/** WR8: their outcomes are part of the checkpoint. They go from the outbox into what was sent, in one step. */
export async function releaseEntries(
  tx: WriteTx,
  released: readonly { readonly entry: Entry; readonly receipt: Receipt }[],
  nowMs: number,
): Promise<void> {
  if (released.length === 0) return;
  await tx.runMany(
    `INSERT OR REPLACE INTO hf_sent (id, seq, txn, kind, collection, record, previous, content, receipt, made_at, released_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    released.map(({ entry, receipt }) => [
      entry.id,
      entry.seq,
      entry.transaction,
      entry.content.kind,
      entry.collection,
      entry.record,
      entry.previous,
      JSON.stringify(entry),
      JSON.stringify(receipt),
      entry.madeAt,
      nowMs,
    ]),
  );
  await tx.run('DELETE FROM hf_outbox WHERE seq IN (SELECT value FROM json_each(?))', [
    JSON.stringify(released.map(({ entry }) => entry.seq)),
  ]);
  await tx.run('DELETE FROM hf_outbox_ref WHERE entry IN (SELECT value FROM json_each(?))', [
    JSON.stringify(released.map(({ entry }) => entry.id)),
  ]);
}

const KEEP_SENT_MS = 14 * 24 * 3_600_000;

/**
 * SY11: forgets released entries that a backup of the server holds; without its word those of 14 days ago. All
 * times are the server's: this device's own clock can be years off. What later ones name as made before them
 * stays as long as those do, and goes with them: alone it would come back above what was written upon it.
 */
export async function pruneSent(tx: WriteTx, durable: Snapshot | null, serverNowMs: number): Promise<void> {
  const before = serverNowMs - KEEP_SENT_MS;
  const due =
    durable !== null || (await tx.all('SELECT 1 FROM hf_sent WHERE released_at < ? LIMIT 1', [before])).length > 0;
  if (!due) return;
  const rows = await tx.all(
    `SELECT id, previous, released_at, json_extract(receipt, '$.position') AS position, EXISTS (
       SELECT 1 FROM hf_outbox AS later WHERE later.collection = hf_sent.collection AND later.record = hf_sent.record
     ) AS needed FROM hf_sent`,
  );
  const isSafe = (position: SqlValue | undefined) =>
    durable !== null && typeof position === 'string' && holds(durable, position as Position);
  const staying = new Set<SqlValue | undefined>();
  // Entries that come after one are told which versions it made for as long as they wait.
  const queue = rows.filter(
    (row) => row.needed === 1 || !((row.released_at as number) < before || isSafe(row.position)),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
    if (staying.has(row.id)) continue;
    staying.add(row.id);
    const named = byId.get(row.previous ?? undefined);
    if (named !== undefined) queue.push(named);
  }
  await tx.runMany(
    'DELETE FROM hf_sent WHERE id = ?',
    rows.filter(({ id }) => !staying.has(id)).map(({ id }) => [id ?? null]),
  );
}

/** Only for an entry whose whole effect stands elsewhere, or that a person has given up unsent (WR8). */
export async function removeEntry(tx: WriteTx, entry: Pick<Entry, 'seq'>): Promise<void> {
  await tx.run('DELETE FROM hf_outbox WHERE seq = ?', [entry.seq]);
}

/** An entry of `hf_sent`, by id. */
export async function sentEntry(tx: ReadTx, id: MutationId): Promise<Entry | null> {
  const rows = await tx.all('SELECT content FROM hf_sent WHERE id = ?', [id]);
  return rows[0] === undefined ? null : (JSON.parse(rows[0].content as string) as Entry);
}

/** The entries at these places, in the order given. */
export async function entriesAt(tx: ReadTx, places: readonly number[]): Promise<Entry[]> {
  const rows = await tx.all(`SELECT ${ENTRY_COLUMNS} FROM hf_outbox WHERE seq IN (SELECT value FROM json_each(?))`, [
    JSON.stringify(places),
  ]);
  const bySeq = new Map(rows.map((row) => [row.seq as number, rowToEntry(row)]));
  return places.flatMap((seq) => bySeq.get(seq) ?? []);
}

/** What choosing and ordering ask of an entry; its content stays in the store. */
export interface SlimEntry
  extends Pick<
    Entry,
    'seq' | 'id' | 'transaction' | 'previous' | 'needs' | 'afterReferring' | 'priority' | 'sent' | 'state'
  > {
  readonly lanes: readonly string[];
  readonly isCommand: boolean;
  /** Of its content as JSON, roughly. */
  readonly bytes: number;
}

const SLIM_COLUMNS = `seq, id, txn, previous, needs, priority, sent, state, collection, record, octet_length(body) AS size,
  CASE kind WHEN 'command' THEN body END AS command`;

/**
 * What choosing so many mutations can depend on, in the order made. Ten thousand plain entries may wait: of these
 * it is those that would go first, and those that others name.
 */
export async function slimCandidates(tx: ReadTx, mutations: number): Promise<SlimEntry[]> {
  const entangled = toSlim(await tx.all(`SELECT ${SLIM_COLUMNS} FROM hf_outbox WHERE ${ENTANGLED}`));
  // The first of a transaction looks plain, and may have to wait for its others.
  const together = new Set(entangled.flatMap(({ id, transaction }) => (`${id}` === transaction ? [] : [transaction])));
  const first = await tx.all(
    `SELECT ${SLIM_COLUMNS} FROM hf_outbox WHERE seq IN (
       SELECT seq FROM hf_outbox WHERE seq NOT IN (SELECT seq FROM hf_outbox WHERE ${ENTANGLED})
       ORDER BY priority, seq LIMIT ?)`,
    [mutations + together.size],
  );
  const found = [...entangled, ...toSlim(first)];
  const here = new Set<string>(found.map(({ id }) => id));
  // What is not here yet names nothing more.
  const named = [...together, ...entangled.flatMap(predecessorsOf)].filter((id) => !here.has(id));
  return [...found, ...(await slimEntries(tx, new Set(named)))].sort((one, other) => one.seq - other.seq);
}

/** What an entry names as made before it, whether that is still in the outbox or not. */
export function predecessorsOf({ needs, previous, afterReferring }: SlimEntry): readonly MutationId[] {
  return [...needs, ...(previous === null ? [] : [previous]), ...afterReferring];
}

/** Those of these entries that are in the outbox, in the order made. */
export async function slimEntries(tx: ReadTx, ids: ReadonlySet<string>): Promise<SlimEntry[]> {
  if (ids.size === 0) return [];
  const rows = await tx.all(
    `SELECT ${SLIM_COLUMNS} FROM hf_outbox WHERE id IN (SELECT value FROM json_each(?)) ORDER BY seq`,
    [JSON.stringify([...ids])],
  );
  return toSlim(rows);
}

function toSlim(rows: readonly SqlRow[]): SlimEntry[] {
  const parse = stateParser();
  return rows.map((row) => {
    const state = parse(row.state as string);
    const own: RecordAddress = { collection: row.collection as string, record: row.record as string };
    const targets =
      row.command === null ? null : (JSON.parse(row.command as string) as { targets: RecordAddress[] }).targets;
    return {
      seq: row.seq as number,
      id: row.id as MutationId,
      transaction: row.txn as TransactionId,
      previous: row.previous as MutationId | null,
      ...parseNeeds(row.needs),
      priority: row.priority as number,
      sent: row.sent === 1,
      state,
      lanes: (targets ?? [own]).map(({ collection, record }) => `${collection}/${record}`),
      isCommand: targets !== null,
      bytes: (row.size as number) + 200,
    };
  });
}

/** The record's last entry, with whether it is a transaction of its own: a transaction's entries stand side by side. */
export async function lastEntry(tx: ReadTx, entry: Entry | undefined): Promise<LastEntry | null> {
  if (entry === undefined) return null;
  const rows = await tx.all('SELECT 1 FROM hf_outbox WHERE seq IN (?, ?) AND txn = ?', [
    entry.seq - 1,
    entry.seq + 1,
    entry.transaction,
  ]);
  return { entry, alone: rows.length === 0 };
}

/** Does any entry besides `except` wait for this one, or stand for it? */
export async function isNamed(tx: ReadTx, id: MutationId, except: readonly MutationId[] = []): Promise<boolean> {
  const rows = await tx.all('SELECT id FROM hf_outbox WHERE previous = ? OR needs LIKE ?', [id, `%${id}%`]);
  return rows.some((row) => !except.includes(row.id as MutationId));
}

/** Those of these entries that are in the outbox, in the order made. */
export async function entriesNamed(tx: ReadTx, ids: ReadonlySet<string>): Promise<Entry[]> {
  if (ids.size === 0) return [];
  const rows = await tx.all(
    `SELECT ${ENTRY_COLUMNS} FROM hf_outbox WHERE id IN (SELECT value FROM json_each(?)) ORDER BY seq`,
    [JSON.stringify([...ids])],
  );
  return rows.map(rowToEntry);
}

/** What is known of a mutation: it waits in the outbox, it was sent and released, or nothing. */
export async function knownMutation(tx: ReadTx, id: string): Promise<'open' | 'released' | 'unknown'> {
  const open = await tx.all('SELECT 1 FROM hf_outbox WHERE id = ?', [id]);
  if (open.length > 0) return 'open';
  const released = await tx.all('SELECT 1 FROM hf_sent WHERE id = ?', [id]);
  return released.length > 0 ? 'released' : 'unknown';
}

/** OB6: an entry that was never sent takes in a later change. It refers to what it refers to now, and no more. */
export async function updateEntry(
  tx: WriteTx,
  folded: Fold,
  before: readonly RecordAddress[],
  refersTo: readonly RecordAddress[],
): Promise<void> {
  const { kind: _kind, ...body } = folded.content;
  await tx.run('UPDATE hf_outbox SET body = ?, stamp = ?, priority = ? WHERE seq = ? AND sent = 0', [
    JSON.stringify(body),
    folded.stamp,
    folded.priority,
    folded.into.seq,
  ]);
  const gone = before.filter((each) => !refersTo.some((other) => isSameRecord(each, other)));
  for (const { collection, record } of gone) {
    await tx.run('DELETE FROM hf_outbox_ref WHERE collection = ? AND record = ? AND entry = ?', [
      collection,
      record,
      folded.into.id,
    ]);
  }
  await addReferences(tx, folded.into, refersTo);
}

function isSameRecord(a: RecordAddress, b: RecordAddress): boolean {
  return a.collection === b.collection && a.record === b.record;
}

/** Forgets what one entry referred to. */
export async function dropReferencesOf(tx: WriteTx, id: MutationId): Promise<void> {
  await tx.run('DELETE FROM hf_outbox_ref WHERE entry = ?', [id]);
}

/** Gives these entries the last places, in the order they have: they come after what was appended since. */
export async function moveToEnd(tx: WriteTx, entries: readonly Pick<Entry, 'seq'>[]): Promise<void> {
  await keepFloors(tx, entries, () =>
    tx.runMany(
      `UPDATE hf_outbox SET seq = ${NEXT_SEQ} WHERE seq = ?`,
      entries.map(({ seq }) => [seq]),
    ),
  );
}

/** Which record each entry is about, and where it stands; nothing else of it is read. */
export async function entryStates(tx: ReadTx): Promise<{ collection: string; record: string; state: EntryState }[]> {
  const rows = await tx.all('SELECT collection, record, state FROM hf_outbox ORDER BY seq');
  const parse = stateParser();
  return rows.map((row) => {
    return { collection: row.collection as string, record: row.record as string, state: parse(row.state as string) };
  });
}

/** Most entries stand alike: each text is read once. */
function stateParser(): (text: string) => EntryState {
  const states = new Map<string, EntryState>();
  return (text) => {
    let state = states.get(text);
    if (state === undefined) {
      state = JSON.parse(text) as EntryState;
      states.set(text, state);
    }
    return state;
  };
}
