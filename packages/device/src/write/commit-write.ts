import {
  type Collection,
  HoldfastError,
  InvalidWrite,
  limits,
  type MutationId,
  type Reference,
  type Schema,
  VERSION_NONE,
  type Version,
} from '@holdfast/core';
import { appendAudit } from '../audit/audit-store.ts';
import type { NewEntry } from '../outbox/entry.ts';
import { cancelled, fold } from '../outbox/fold.ts';
import { isLiveState } from '../outbox/liveness.ts';
import {
  appendEntry,
  commandsOn,
  createOf,
  dropReferencesOf,
  entriesNamed,
  entriesOf,
  isNamed,
  knownMutation,
  lastEntry,
  type RecordAddress,
  referringTo,
  removeEntry,
  updateEntry,
} from '../outbox/outbox-store.ts';
import { referencesInValues, referencesOf } from '../outbox/references-of.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';
import { writeVisible } from '../rebase/write-visible.ts';
import { rowToValues } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';
import type { CheckedIntent } from './check-intents.ts';
import {
  addressOf,
  type PlannedEntry,
  planWrite,
  type RecordContext,
  type WriteContext,
  type WriteIdentity,
} from './plan-write.ts';

/** What a write became in the store. */
export interface Committed {
  readonly transaction: string | null;
  readonly mutations: readonly MutationId[];
  readonly touched: readonly RecordAddress[];
  /** New entries, all of them `pending`; null where more than that has changed in the outbox. */
  readonly appended: number | null;
}

/** WR1: plans the write upon what the store holds, and stores changes and entries; all or nothing. */
export async function commitWrite(
  tx: WriteTx,
  schema: Schema,
  intents: readonly CheckedIntent[],
  who: WriteIdentity,
  waitFor: readonly string[] = [],
): Promise<Committed> {
  const context = await readContext(tx, schema, intents, await openWaits(tx, waitFor));
  const planned = planWrite(intents, context, who);
  refuseTooLarge(planned);
  const [only] = planned;
  if (only === undefined) return { transaction: null, mutations: [], touched: [], appended: 0 };
  if (planned.length === 1) {
    const shortened = await shorten(tx, schema, only, context, who);
    if (shortened !== null) return shortened;
  }
  const kept = new Set<string>();
  for (const { entry, refersTo, before, state } of planned) {
    const address = addressOf(entry.collection, entry.record);
    // The confirmed copy is kept from the first entry on; a record the server does not have has none.
    if (before !== null && !kept.has(address) && (context.records.get(address)?.entries.length ?? 0) === 0) {
      await tx.run('INSERT OR REPLACE INTO hf_confirmed (collection, id, fields) VALUES (?, ?, ?)', [
        entry.collection,
        entry.record,
        JSON.stringify(before),
      ]);
    }
    kept.add(address);
    await appendEntry(tx, entry, refersTo, state);
  }
  const last = new Map(planned.map((each) => [addressOf(each.entry.collection, each.entry.record), each]));
  for (const { entry, after, state } of last.values()) {
    if (state.at === 'blocked') continue;
    const collection = schema.collections.get(entry.collection);
    if (collection) await writeVisible(tx, collection, entry.record, after);
  }
  return {
    transaction: who.transaction,
    mutations: planned.map(({ entry }) => entry.id),
    touched: planned.map(({ entry }) => entry),
    appended: planned.every(({ state }) => state.at === 'pending') ? planned.length : null,
  };
}

/** OB6: the write is taken into an entry that was never sent, or takes one away with itself. Null where neither. */
async function shorten(
  tx: WriteTx,
  schema: Schema,
  { entry, after, state }: PlannedEntry,
  context: WriteContext,
  who: WriteIdentity,
): Promise<Committed | null> {
  const collection = schema.collections.get(entry.collection);
  if (state.at !== 'pending' || collection === undefined) return null;
  const record = context.records.get(addressOf(entry.collection, entry.record));
  const last = await lastEntry(tx, record?.entries.at(-1));
  const taken = fold(entry, last);
  // What grew beyond what an exchange carries could never be sent.
  const folded = taken === null || tooLarge([{ ...taken.into, content: taken.content }]) !== null ? null : taken;
  const gone =
    entry.content.kind === 'delete' && last !== null
      ? cancelled(entry, last, record?.entries.length ?? 0, await isNamed(tx, last.entry.id))
      : null;
  if (folded === null && gone === null) return null;
  await writeVisible(tx, collection, entry.record, after);
  // The place of the last stamp may be gone, or is not the last place: the clock keeps it.
  await tx.run('UPDATE hf_device SET clock = max(clock, ?)', [who.stamp]);
  if (gone !== null) {
    await removeEntry(tx, gone);
    await dropReferencesOf(tx, gone.id);
    await appendAudit(tx, 'cancelled', gone, gone.content, who.nowMs);
    return { transaction: null, mutations: [], touched: [entry], appended: null };
  }
  if (folded === null) return null;
  const { into, content } = folded;
  await updateEntry(tx, folded, referencesOf(schema, into), referencesOf(schema, { ...into, content }));
  return { transaction: folded.into.transaction, mutations: [folded.into.id], touched: [entry], appended: 0 };
}

/** OB3: of what the caller wants to wait for, what is not answered yet. */
async function openWaits(tx: ReadTx, waitFor: readonly string[]): Promise<MutationId[]> {
  const open: MutationId[] = [];
  for (const id of waitFor) {
    const known = await knownMutation(tx, id);
    if (known === 'unknown') {
      const expected = 'to wait for a mutation that this device made before';
      throw new InvalidWrite([{ collection: '', record: null, path: ['waitFor', id], expected }]);
    }
    if (known === 'open') open.push(id as MutationId);
  }
  return open;
}

// NW5: what no exchange could ever carry fails here, where somebody can still do something about it.
function refuseTooLarge(planned: readonly PlannedEntry[]): void {
  if (planned.length > limits.transactionMutations) {
    throw new HoldfastError('WriteTooLarge', `${planned.length} changes of at most ${limits.transactionMutations}`);
  }
  const bytes = tooLarge(planned.map(({ entry }) => entry));
  if (bytes !== null) throw new HoldfastError('WriteTooLarge', `${bytes} bytes of at most ${limits.transactionBytes}`);
}

/** The bytes of a transaction that no exchange can carry; null where one can. */
function tooLarge(entries: readonly NewEntry[]): number | null {
  const atMost = entries.reduce((sum, { content }) => sum + 3 * JSON.stringify(content).length, 0);
  if (atMost <= limits.transactionBytes) return null;
  // Rarely reached: only then is it worth to count in UTF-8.
  const exact = entries.reduce((sum, entry) => sum + new TextEncoder().encode(JSON.stringify(entry)).length, 0);
  return exact > limits.transactionBytes ? exact : null;
}

async function readContext(
  tx: ReadTx,
  schema: Schema,
  intents: readonly CheckedIntent[],
  waitFor: readonly MutationId[],
): Promise<WriteContext> {
  const records = new Map<string, RecordContext>();
  const creates = new Map<string, MutationId>();
  const blocked = new Set<MutationId>();
  const notLive = new Set<MutationId>();
  for (const id of waitFor) {
    const [entry] = await entriesNamed(tx, new Set([id]));
    if (entry !== undefined && !isLiveState(entry.state)) notLive.add(id);
  }
  const deleted = new Set(
    intents.flatMap((intent) => (intent.kind === 'delete' ? [addressOf(intent.collection.name, intent.record)] : [])),
  );
  const readRecord = async (target: RecordAddress, collection: Collection) => {
    const address = addressOf(target.collection, target.record);
    if (records.has(address)) return;
    const entries = await entriesOf(tx, target);
    await readCreate(target);
    for (const entry of entries) {
      if (entry.state.at === 'blocked' && entry.state.reason === 'not-live') blocked.add(entry.id);
    }
    const rows = await tx.all(`SELECT * FROM ${quote(target.collection)} WHERE id = ?`, [target.record]);
    records.set(address, {
      visible: rows[0] === undefined ? null : rowToValues(collection, rows[0]),
      version: await confirmedVersion(tx, target.collection, target.record),
      entries,
      referring: deleted.has(address) ? await referringTo(tx, target) : [],
      commands: await commandsOn(tx, target),
    });
  };
  const readCreate = async (target: RecordAddress) => {
    const create = await createOf(tx, target);
    if (create === null) return;
    creates.set(addressOf(target.collection, target.record), create.id);
    if (!isLiveState(create.state)) notLive.add(create.id);
  };
  for (const intent of intents) {
    if (intent.kind !== 'command') {
      await readRecord({ collection: intent.collection.name, record: intent.record }, intent.collection);
    }
    for (const reference of [...intent.refersTo, ...carriedWith(intent, records)]) {
      const target = schema.collections.get(reference.collection);
      // A command belongs to the order of what it refers to; a change only waits for its create.
      if (intent.kind === 'command' && target !== undefined) await readRecord(reference, target);
      else await readCreate(reference);
    }
  }
  return { records, creates, notLive, blocked, waitFor };
}

/** What the groups refer to that an update may have to carry as a whole (WR5). */
function carriedWith(intent: CheckedIntent, records: ReadonlyMap<string, RecordContext>): Reference[] {
  if (intent.kind !== 'update') return [];
  const { collection } = intent;
  const visible = records.get(addressOf(collection.name, intent.record))?.visible ?? {};
  const grouped = Object.entries(visible).filter(([field]) => (collection.groupOf.get(field)?.length ?? 0) > 1);
  return referencesInValues(collection, Object.fromEntries(grouped));
}

async function confirmedVersion(tx: ReadTx, collection: string, id: string): Promise<Version> {
  const rows = await tx.all('SELECT version FROM hf_record WHERE collection = ? AND id = ?', [collection, id]);
  return (rows[0]?.version as Version | undefined) ?? VERSION_NONE;
}
