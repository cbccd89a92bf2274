import {
  type ExchangeResponse,
  type MutationId,
  observe,
  type Page,
  type RecordGroup,
  type Schema,
  type Scope,
  STAMP_ZERO,
  type Stamp,
  snapshotEnd,
} from '@holdfast/core';
import type { Entry } from '../outbox/entry.ts';
import {
  allEntries,
  dropReferences,
  type NewState,
  type RecordAddress,
  releaseEntry,
  setStates,
} from '../outbox/outbox-store.ts';
import type { ChangeNotice } from '../ports/platform.ts';
import type { WriteTx } from '../ports/storage-driver.ts';
import { rebaseRecords } from '../rebase/rebase-records.ts';
import { quote } from '../store/tables.ts';
import { addressOf } from '../write/plan-write.ts';
import { type Applied, applyGroups, removeRecords } from './apply-groups.ts';
import { type ReadState, readReadState, writeReadState } from './cursor-store.ts';
import { settle } from './settle.ts';

export interface ResponseContext {
  readonly schema: Schema;
  /** The generation the request was built upon. */
  readonly generation: number;
  /** The ids that were sent. */
  readonly sent: readonly MutationId[];
  /** The receipts that the request acknowledged. */
  readonly acknowledged: readonly MutationId[];
  readonly nowMs: number;
  /** Bytes of the answer, for the progress of a catch-up. */
  readonly bytes: number;
}

export interface TakenIn {
  readonly notice: ChangeNotice;
  /** The catch-up has ended: all that was staged is visible. */
  readonly checkpoint: boolean;
  /** The highest stamp seen: the device's clock passes it. */
  readonly stamp: Stamp;
  /** Entries that have got an answer by this. */
  readonly answered: number;
  /** There are entries left that may go. */
  readonly sendable: boolean;
}

/**
 * SY4: takes an answer in, in one storage transaction: receipts, confirmed changes, cursor, and the
 * visible state that follows from them. Null where another answer was taken in since the request was
 * built, by this tab or another (hazard G3): then nothing of it counts, and the next exchange brings it
 * again.
 *
 * @throws Diverged where the answer does not fit what is here; the transaction has to be undone
 */
export async function applyResponse(
  tx: WriteTx,
  response: ExchangeResponse,
  context: ResponseContext,
): Promise<TakenIn | null> {
  let state = await readReadState(tx);
  if (state.generation !== context.generation) return null;
  if (response.epoch !== state.epoch || wentBack(state, response)) state = await enterEpoch(tx, state, response.epoch);
  const answered = await noteAnswers(tx, response, context);
  await tx.runMany(
    'DELETE FROM hf_unacknowledged WHERE id = ?',
    context.acknowledged.map((id) => [id]),
  );
  const stamp = response.pages.reduce<Stamp>((highest, page) => observe(highest, page.stamp ?? STAMP_ZERO), STAMP_ZERO);
  const next = { ...state, generation: state.generation + 1 };
  if (response.cursor === null) {
    await stage(tx, next, response, context.bytes);
    return { notice: OUTBOX, checkpoint: false, stamp, answered, sendable: await hasSendable(tx) };
  }
  const touched = await checkpoint(tx, state, response, context);
  await writeReadState(tx, {
    ...next,
    cursor: response.cursor,
    catchUp: null,
    staged: { records: 0, bytes: 0 },
    lastSync: context.nowMs,
  });
  return { notice: touched, checkpoint: true, stamp, answered, sendable: await hasSendable(tx) };
}

const OUTBOX: ChangeNotice = { tables: { hf_outbox: null } };

async function hasSendable(tx: WriteTx): Promise<boolean> {
  const rows = await tx.all(
    `SELECT 1 FROM hf_outbox WHERE json_extract(state, '$.at') = 'pending' OR json_extract(state, '$.reason') = 'held' LIMIT 1`,
  );
  return rows.length > 0;
}

/** The server sent a change of a record that this device does not have: they believe different things. */
export class Diverged extends Error {}

/** A server that has seen less than this device has was put back, and has not noticed it yet (hazard A8). */
function wentBack({ cursor }: ReadState, response: ExchangeResponse): boolean {
  const now = response.cursor ?? response.catchUp?.first ?? null;
  return cursor !== null && now !== null && snapshotEnd(now.snapshot) < snapshotEnd(cursor.snapshot);
}

/** SY11: another history. Everything is read again; what was accepted in the old one is sent again. */
async function enterEpoch(tx: WriteTx, state: ReadState, epoch: ReadState['epoch']): Promise<ReadState> {
  await tx.run('DELETE FROM hf_stage');
  const accepted = (await allEntries(tx)).filter((entry) => entry.state.at === 'accepted');
  await setStates(
    tx,
    accepted.map(({ seq }) => ({ seq, state: { at: 'pending' } })),
  );
  return { ...state, epoch, cursor: null, catchUp: null, staged: { records: 0, bytes: 0 } };
}

/** Receipts make entries `accepted`, held ones `blocked`; what was sent and not answered goes again. */
async function noteAnswers(tx: WriteTx, response: ExchangeResponse, context: ResponseContext): Promise<number> {
  const receipts = new Map(response.receipts.map((receipt) => [receipt.id, receipt]));
  const held = new Set(response.held);
  const sent = new Set(context.sent);
  const entries = await allEntries(tx);
  const inOutbox = new Set(entries.map((entry) => entry.id));
  const states: NewState[] = [];
  let answered = 0;
  for (const { id, seq, state, needs, previous, afterReferring } of entries) {
    if (state.at === 'accepted' || state.at === 'conflicted' || state.at === 'refused') continue;
    const receipt = receipts.get(id);
    if (receipt !== undefined) {
      states.push({ seq, state: { at: 'accepted', receipt } });
      answered += 1;
    } else if (held.has(id)) {
      const by = [...needs, ...(previous === null ? [] : [previous]), ...afterReferring].filter((one) =>
        inOutbox.has(one),
      );
      states.push({ seq, state: { at: 'blocked', by, reason: 'held' } });
    } else if (sent.has(id)) {
      states.push({ seq, state: { at: 'pending' } });
    }
  }
  await setStates(tx, states);
  return answered;
}

async function stage(tx: WriteTx, state: ReadState, response: ExchangeResponse, bytes: number): Promise<void> {
  // No way on: the scopes changed while it ran. It begins again from the device's own cursor (rule 5).
  const again = response.catchUp === null;
  if (again) await tx.run('DELETE FROM hf_stage');
  else {
    await tx.runMany(
      'INSERT INTO hf_stage (page) VALUES (?)',
      response.pages.map((page) => [JSON.stringify(page)]),
    );
  }
  const records = again ? 0 : state.staged.records + countRecords(response.pages);
  const total = again ? 0 : state.staged.bytes + bytes;
  await writeReadState(tx, { ...state, catchUp: response.catchUp, staged: { records, bytes: total } });
}

function countRecords(pages: readonly Page[]): number {
  return pages.reduce((sum, page) => sum + page.groups.reduce((all, group) => all + group.records.length, 0), 0);
}

/** Makes all that was staged, and this answer, visible in one step. */
async function checkpoint(
  tx: WriteTx,
  state: ReadState,
  response: ExchangeResponse,
  context: ResponseContext,
): Promise<ChangeNotice> {
  const { schema } = context;
  const staged = await stagedPages(tx);
  await tx.run('DELETE FROM hf_stage');
  const entries = await allEntries(tx);
  const dirty = new Map(entries.map((entry) => [addressOf(entry.collection, entry.record), entry]));
  const dirtySet = new Set(dirty.keys());
  const touched = new Map<string, Set<string> | null>();
  if (state.cursor === null) await forgetConfirmed(tx, schema, dirtySet, touched);
  await dropScopes(tx, schema, response.gone, dirtySet, touched);
  const groups: RecordGroup[] = [...staged, ...response.pages].flatMap((page) => page.groups);
  const applied = await applyGroups(tx, schema, groups, dirtySet);
  if (applied.missing) throw new Diverged('a change came for a record that is not on this device');
  mergeTouched(touched, applied);
  for (const { collection, record } of await settleOutbox(tx, entries, response, context)) {
    touchOne(touched, collection, record);
  }
  await rebaseRecords(
    tx,
    schema,
    [...dirty.values()].filter(({ collection, record }) => {
      const ids = touched.get(collection);
      return ids === null || ids?.has(record) === true;
    }),
  );
  return {
    tables: {
      hf_outbox: null,
      ...Object.fromEntries([...touched].map(([name, ids]) => [name, ids === null ? null : [...ids]])),
    },
  };
}

async function stagedPages(tx: WriteTx): Promise<Page[]> {
  const rows = await tx.all('SELECT page FROM hf_stage ORDER BY seq');
  return rows.map((row) => JSON.parse(row.page as string) as Page);
}

/** Before a full read is shown: nothing of the old confirmed state stays. */
async function forgetConfirmed(
  tx: WriteTx,
  schema: Schema,
  dirty: ReadonlySet<string>,
  touched: Map<string, Set<string> | null>,
): Promise<void> {
  await tx.run('DELETE FROM hf_record');
  await tx.run('DELETE FROM hf_confirmed');
  for (const { name } of schema.collections.values()) {
    const keep = [...dirty]
      .filter((address) => address.startsWith(`${name}/`))
      .map((address) => address.slice(name.length + 1));
    const removed = await tx.run(`DELETE FROM ${quote(name)} WHERE id NOT IN (SELECT value FROM json_each(?))`, [
      JSON.stringify(keep),
    ]);
    if (removed > 0) touched.set(name, null);
    // What the read does not bring again is gone: those with entries are shown anew, too.
    else for (const id of keep) touchOne(touched, name, id);
  }
}

/** Scopes that are the user's no more: their records go, unless another scope still holds them. */
async function dropScopes(
  tx: WriteTx,
  schema: Schema,
  lost: readonly Scope[],
  dirty: ReadonlySet<string>,
  touched: Map<string, Set<string> | null>,
): Promise<void> {
  if (lost.length === 0) return;
  const rows = await tx.all('SELECT collection, id, version, scopes FROM hf_record');
  for (const row of rows) {
    const scopes = JSON.parse(row.scopes as string) as Scope[];
    const left = scopes.filter((scope) => !lost.includes(scope));
    const collection = schema.collections.get(row.collection as string);
    if (left.length === scopes.length || collection === undefined) continue;
    if (left.length === 0) await removeRecords(tx, collection, [row.id as string], dirty);
    else {
      await tx.run('UPDATE hf_record SET scopes = ? WHERE collection = ? AND id = ?', [
        JSON.stringify(left),
        collection.name,
        row.id as string,
      ]);
    }
    touchOne(touched, collection.name, row.id as string);
  }
}

function touchOne(touched: Map<string, Set<string> | null>, collection: string, id: string): void {
  const ids = touched.get(collection);
  if (ids === null) return;
  if (ids === undefined) touched.set(collection, new Set([id]));
  else ids.add(id);
}

function mergeTouched(touched: Map<string, Set<string> | null>, applied: Applied): void {
  for (const [collection, ids] of applied.touched) for (const id of ids) touchOne(touched, collection, id);
}

/** Gives the records whose entries left the outbox or changed their part in what is seen. */
async function settleOutbox(
  tx: WriteTx,
  before: readonly Entry[],
  response: ExchangeResponse,
  context: ResponseContext,
): Promise<readonly RecordAddress[]> {
  if (response.cursor === null) return [];
  const { released, states } = settle(before, response.cursor.snapshot);
  for (const { entry, receipt } of released) {
    await releaseEntry(tx, entry, receipt, context.nowMs);
    if (receipt.outcome === 'merged') {
      await tx.run('INSERT INTO hf_audit (at, mutation, collection, record, what, detail) VALUES (?, ?, ?, ?, ?, ?)', [
        context.nowMs,
        entry.id,
        entry.collection,
        entry.record,
        'lost',
        JSON.stringify(receipt.lost),
      ]);
    }
  }
  if (released.length > 0) await dropReferences(tx);
  await setStates(tx, states);
  const taken = [
    ...released.map(({ entry }) => entry.id),
    ...states.filter(({ state }) => state.at === 'conflicted' || state.at === 'refused').map(({ id }) => id),
  ];
  // Receipts of entries that are here no more were taken in before: they are acknowledged again.
  const known = new Set(before.map((entry) => entry.id));
  const again = response.receipts.map((receipt) => receipt.id).filter((id) => !known.has(id));
  await tx.runMany(
    'INSERT OR IGNORE INTO hf_unacknowledged (id) VALUES (?)',
    [...taken, ...again].map((id) => [id]),
  );
  const byId = new Map(before.map((entry) => [entry.id, entry]));
  const moved = states.map(({ id }) => byId.get(id)).filter((entry) => entry !== undefined);
  return [...released.map(({ entry }) => entry), ...moved];
}
