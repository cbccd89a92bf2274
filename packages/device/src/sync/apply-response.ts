import {
  type ExchangeResponse,
  observe,
  type Page,
  reaches,
  STAMP_ZERO,
  type Stamp,
  snapshotEnd,
} from '@holdfast/core';
import { fetchedGroups } from '../hold/retention.ts';
import { moved, type NewState } from '../outbox/entry-state.ts';
import { forgetFloors, noteFloor } from '../outbox/floor-store.ts';
import { answerOf, isInDoubt } from '../outbox/liveness.ts';
import { predecessorsOf, setStates, slimEntries } from '../outbox/outbox-store.ts';
import { sendAgain } from '../outbox/send-again.ts';
import type { ChangeNotice } from '../ports/platform.ts';
import type { WriteTx } from '../ports/storage-driver.ts';
import { type Checks, readChecks, writeChecks } from './check-store.ts';
import { checkpoint } from './checkpoint.ts';
import { type ReadState, readReadState, writeReadState } from './cursor-store.ts';
import { withOwnValues } from './own-values.ts';
import type { Reads } from './plan-reading.ts';
import { nextFullRead, withFullRead } from './read-budget.ts';
import type { ResponseContext } from './response-context.ts';
import { forgetEarly, showEarly } from './show-early.ts';

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
  /** Nothing was read: it would have been everything once more, and was too often (hazard A9). */
  readonly limited: boolean;
  readonly fetched: ExchangeResponse['fetched'];
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
  answer: ExchangeResponse,
  context: ResponseContext,
): Promise<TakenIn | null> {
  let state = await readReadState(tx);
  if (state.generation !== context.generation) return null;
  const response = { ...answer, pages: await withOwnValues(tx, answer, context.sent) };
  const checks = await readChecks(tx);
  const changed = new Map<string, null>([['hf_outbox', null]]);
  const before = state;
  if (response.epoch !== state.epoch || wentBack(state, response)) {
    const again = state.epoch === null ? [] : await sendAgain(tx, context.schema);
    for (const { collection } of again) if (collection !== '') changed.set(collection, null);
    await forgetFloors(tx);
    state = await readFromNothing(tx, { ...state, epoch: response.epoch });
  } else if (isTooOld(state, response)) {
    state = await readFromNothing(tx, state);
  }
  const answered = await noteAnswers(tx, response, context);
  await tx.runMany(
    'DELETE FROM hf_unacknowledged WHERE id = ?',
    context.acknowledged.map((id) => [id]),
  );
  const stamp = response.pages.reduce<Stamp>((highest, page) => observe(highest, page.stamp ?? STAMP_ZERO), STAMP_ZERO);
  const next = { ...state, generation: state.generation + 1 };
  const taken = async (notice: ChangeNotice, checkpoint: boolean, limited = false): Promise<TakenIn> => {
    const { fetched } = response;
    return { notice, checkpoint, stamp, answered, sendable: await hasSendable(tx), limited, fetched };
  };
  const anew = state !== before;
  const limited = anew && nextFullRead(checks.fullReads, context.nowMs) !== null;
  if (context.reads.kind === 'nothing' || limited) {
    await writeReadState(tx, next);
    return taken({ tables: Object.fromEntries(changed) }, false, true);
  }
  const begins = before.catchUp === null || anew;
  const reads: Reads = anew ? { kind: 'everything' } : context.reads;
  const after = checksAfter(checks, reads, begins, response, context);
  if (after !== checks) await writeChecks(tx, after);
  if (response.cursor === null) {
    await stage(tx, next, response, context.bytes);
    for (const name of await showed(tx, next, response, context)) changed.set(name, null);
    return taken({ tables: Object.fromEntries(changed) }, false);
  }
  const touched = await checkpoint(tx, state, response, context);
  await noteFloor(tx, response.cursor.snapshot);
  await writeReadState(tx, {
    ...next,
    cursor: response.cursor,
    catchUp: null,
    staged: { records: 0, bytes: 0 },
    lastSync: context.nowMs,
  });
  return taken({ tables: { ...touched.tables, ...Object.fromEntries(changed) } }, true);
}

/** What is known after this answer: a full read is counted when its first page has come, and checked at its end. */
function checksAfter(
  checks: Checks,
  reads: Reads,
  begins: boolean,
  response: ExchangeResponse,
  { nowMs, asksChecksums }: ResponseContext,
): Checks {
  // A backend that cannot tell is not asked all the time.
  const cannotTell = asksChecksums && response.cursor !== null && response.checksums === null;
  if (reads.kind === 'changes') return cannotTell ? { ...checks, checkedAt: nowMs } : checks;
  const restarts = response.cursor === null && response.catchUp === null;
  const fullReads = begins && !restarts ? withFullRead(checks.fullReads, nowMs) : checks.fullReads;
  if (response.cursor === null) return { ...checks, fullReads, begun: reads.kind === 'scopes-again' && !restarts };
  return { checkedAt: cannotTell ? nowMs : null, again: [], begun: false, fullReads };
}

/** SY9: what a first sync shows before it ends. What was shown before a read from nothing stays until its end. */
async function showed(
  tx: WriteTx,
  { lastSync }: ReadState,
  { whole, catchUp }: ExchangeResponse,
  { schema, nowMs }: ResponseContext,
): Promise<readonly string[]> {
  if (lastSync !== null || catchUp === null || whole.length === 0) return [];
  const names = await showEarly(tx, schema, whole, nowMs);
  if (names.length > 0) await noteFloor(tx, catchUp.first.snapshot);
  return names;
}

async function hasSendable(tx: WriteTx): Promise<boolean> {
  const rows = await tx.all(
    `SELECT 1 FROM hf_outbox WHERE json_extract(state, '$.at') = 'pending' OR json_extract(state, '$.reason') = 'held'
     OR (json_extract(state, '$.at') = 'resolving' AND json_extract(state, '$.receipt') IS NULL) LIMIT 1`,
  );
  return rows.length > 0;
}

/** A server that has seen less than this device has was put back, and has not noticed it yet (hazard A8). */
function wentBack({ cursor }: ReadState, response: ExchangeResponse): boolean {
  const now = response.cursor ?? response.catchUp?.first ?? null;
  return cursor !== null && now !== null && snapshotEnd(now.snapshot) < snapshotEnd(cursor.snapshot);
}

/**
 * SY11: the server has forgotten tombstones that this device has not read, and so has brought everything. A
 * catch-up under way goes on from a later snapshot than the cursor: only where it does not, the answer says so.
 */
function isTooOld({ cursor, catchUp }: ReadState, { horizon }: ExchangeResponse): boolean {
  return catchUp === null && cursor !== null && horizon !== null && !reaches(cursor.snapshot, horizon);
}

/** What comes now is everything; what was staged of before is of no use. The outbox stays. */
async function readFromNothing(tx: WriteTx, state: ReadState): Promise<ReadState> {
  await tx.run('DELETE FROM hf_stage');
  await forgetEarly(tx);
  return { ...state, cursor: null, catchUp: null, staged: { records: 0, bytes: 0 } };
}

/** Receipts make entries `accepted`, held ones `blocked`; what was sent and not answered goes again. */
async function noteAnswers(tx: WriteTx, response: ExchangeResponse, context: ResponseContext): Promise<number> {
  const receipts = new Map(response.receipts.map((receipt) => [receipt.id, receipt]));
  const held = new Set(response.held);
  const sent = new Set(context.sent);
  const entries = await slimEntries(tx, new Set([...receipts.keys(), ...held, ...sent]));
  const waitedFor = entries.filter(({ id }) => held.has(id)).flatMap(predecessorsOf);
  const inOutbox = new Set((await slimEntries(tx, new Set(waitedFor))).map(({ id }) => id));
  const states: NewState[] = [];
  let answered = 0;
  for (const entry of entries) {
    const { id, state } = entry;
    // Of what never left this copy of the store, the answer is another copy's (hazard B7).
    const receipt = entry.sent || sent.has(id) ? receipts.get(id) : undefined;
    if (state.at === 'resolving' && state.receipt === null) {
      // It went as a discard, and stays out of what is seen whatever came first (OB11).
      if (receipt !== undefined) states.push(moved(entry, { ...state, receipt }));
      continue;
    }
    if (answerOf(state) !== null) continue;
    if (receipt !== undefined) {
      states.push(moved(entry, { at: 'accepted', receipt }));
      answered += 1;
    } else if (held.has(id)) {
      const by = predecessorsOf(entry).filter((one) => inOutbox.has(one));
      states.push(moved(entry, { at: 'blocked', by, reason: 'held' }));
    } else if (sent.has(id) && !isInDoubt(state)) {
      states.push(moved(entry, { at: 'pending' }));
    }
  }
  await setStates(tx, states);
  return answered;
}

async function stage(tx: WriteTx, state: ReadState, response: ExchangeResponse, bytes: number): Promise<void> {
  // No way on: the scopes changed while it ran. It begins again from the device's own cursor (rule 5).
  const again = response.catchUp === null;
  if (again) {
    await tx.run('DELETE FROM hf_stage');
    await forgetEarly(tx);
  } else {
    await tx.runMany(
      'INSERT INTO hf_stage (page) VALUES (?)',
      [...response.pages, ...fetchedPages(response)].map((page) => [JSON.stringify(page)]),
    );
  }
  const records = again ? 0 : state.staged.records + countRecords(response.pages);
  const total = again ? 0 : state.staged.bytes + bytes;
  await writeReadState(tx, { ...state, catchUp: response.catchUp, staged: { records, bytes: total } });
}

function fetchedPages({ fetched }: ExchangeResponse): Page[] {
  const groups = fetchedGroups(fetched);
  return groups.length === 0 ? [] : [{ groups, stamp: null }];
}

function countRecords(pages: readonly Page[]): number {
  return pages.reduce((sum, page) => sum + page.groups.reduce((all, group) => all + group.records.length, 0), 0);
}
