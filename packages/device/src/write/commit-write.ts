import { HoldfastError, limits, type MutationId, type Schema, VERSION_NONE, type Version } from '@holdfast/core';
import { isLiveState } from '../outbox/liveness.ts';
import { appendEntry, createOf, entriesOf, referringTo } from '../outbox/outbox-store.ts';
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

/** WR1: plans the write upon what the store holds, and stores changes and entries; all or nothing. */
export async function commitWrite(
  tx: WriteTx,
  schema: Schema,
  intents: readonly CheckedIntent[],
  who: WriteIdentity,
): Promise<PlannedEntry[]> {
  const context = await readContext(tx, intents);
  const planned = planWrite(intents, context, who);
  refuseTooLarge(planned);
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
  return planned;
}

// NW5: what no exchange could ever carry fails here, where somebody can still do something about it.
function refuseTooLarge(planned: readonly PlannedEntry[]): void {
  if (planned.length > limits.transactionMutations) {
    throw new HoldfastError('WriteTooLarge', `${planned.length} changes of at most ${limits.transactionMutations}`);
  }
  const bytes = planned.reduce((sum, { entry }) => sum + 3 * JSON.stringify(entry.content).length, 0);
  if (bytes <= limits.transactionBytes) return;
  // Rarely reached: only then is it worth to count in UTF-8.
  const exact = planned.reduce((sum, { entry }) => sum + new TextEncoder().encode(JSON.stringify(entry)).length, 0);
  if (exact > limits.transactionBytes) {
    throw new HoldfastError('WriteTooLarge', `${exact} bytes of at most ${limits.transactionBytes}`);
  }
}

async function readContext(tx: ReadTx, intents: readonly CheckedIntent[]): Promise<WriteContext> {
  const records = new Map<string, RecordContext>();
  const creates = new Map<string, MutationId>();
  const blocked = new Set<MutationId>();
  const notLive = new Set<MutationId>();
  const deleted = new Set(
    intents.filter(({ kind }) => kind === 'delete').map(({ collection, record }) => addressOf(collection.name, record)),
  );
  for (const intent of intents) {
    const target = { collection: intent.collection.name, record: intent.record };
    const address = addressOf(target.collection, target.record);
    if (!records.has(address)) {
      const entries = await entriesOf(tx, target);
      const create = await createOf(tx, target);
      if (create !== null) {
        creates.set(address, create.id);
        if (!isLiveState(create.state)) notLive.add(create.id);
      }
      for (const entry of entries) {
        if (entry.state.at === 'blocked' && entry.state.reason === 'not-live') blocked.add(entry.id);
      }
      const rows = await tx.all(`SELECT * FROM ${quote(target.collection)} WHERE id = ?`, [target.record]);
      records.set(address, {
        visible: rows[0] === undefined ? null : rowToValues(intent.collection, rows[0]),
        version: await confirmedVersion(tx, target.collection, target.record),
        entries,
        referring: deleted.has(address) ? await referringTo(tx, target) : [],
      });
    }
    for (const reference of intent.refersTo) {
      const create = await createOf(tx, reference);
      if (create !== null) {
        creates.set(addressOf(reference.collection, reference.record), create.id);
        if (!isLiveState(create.state)) notLive.add(create.id);
      }
    }
  }
  return { records, creates, notLive, blocked };
}

async function confirmedVersion(tx: ReadTx, collection: string, id: string): Promise<Version> {
  const rows = await tx.all('SELECT version FROM hf_record WHERE collection = ? AND id = ?', [collection, id]);
  return (rows[0]?.version as Version | undefined) ?? VERSION_NONE;
}
