import type { Collection, ExchangeResponse, Page, Schema, Scope } from '@holdfast/core';
import { readHold } from '../hold/hold-store.ts';
import { dropRetained } from '../hold/retained-store.ts';
import { fetchedGroups, isFetched, Retention } from '../hold/retention.ts';
import { dirtyRecords } from '../outbox/outbox-store.ts';
import type { ChangeNotice } from '../ports/platform.ts';
import type { SqlValue, WriteTx } from '../ports/storage-driver.ts';
import { rebaseRecords } from '../rebase/rebase-records.ts';
import { quote } from '../store/tables.ts';
import { addressOf } from '../write/plan-write.ts';
import { type Applied, applyGroups, removeRecords } from './apply-groups.ts';
import type { ReadState } from './cursor-store.ts';
import { Diverged } from './diverged.ts';
import type { ResponseContext } from './response-context.ts';
import { settleOutbox } from './settle-outbox.ts';
import { forgetEarly, readEarly } from './show-early.ts';

/**
 * Makes all that was staged, and this answer, visible in one step.
 *
 * @throws Diverged where the answer does not fit what is here; the transaction has to be undone
 */
export async function checkpoint(
  tx: WriteTx,
  state: ReadState,
  response: ExchangeResponse,
  context: ResponseContext,
): Promise<ChangeNotice> {
  const { schema } = context;
  const staged = await stagedPages(tx);
  await tx.run('DELETE FROM hf_stage');
  const dirty = new Map((await dirtyRecords(tx)).map((each) => [addressOf(each.collection, each.record), each]));
  const dirtySet = new Set(dirty.keys());
  const touched = new Map<string, Set<string> | null>();
  const { youngerThanMs } = await readHold(tx);
  const retention = youngerThanMs === null ? null : await Retention.begin(tx, dirtySet, context.nowMs);
  if (state.cursor === null) await forgetConfirmed(tx, schema, dirtySet, touched);
  const again = context.reads.kind === 'scopes-again' ? context.reads.scopes : [];
  await dropScopes(tx, schema, [...response.gone, ...again], dirtySet, touched);
  const pages = [...staged, ...response.pages].flatMap((page) => page.groups);
  const groups =
    retention === null ? pages.filter((group) => !isFetched(group)) : [...pages, ...fetchedGroups(response.fetched)];
  const applied = await applyGroups(tx, schema, groups, dirtySet, retention);
  if (applied.missing) throw new Diverged('a change came for a record that is not on this device');
  mergeTouched(touched, applied);
  for (const { collection, record } of await settleOutbox(tx, response, context)) {
    touchOne(touched, collection, record);
  }
  if (retention !== null && youngerThanMs !== null) {
    await retention.giveUp(response.fetched);
    if (touched.size > 0) await dropRetained(tx);
    const aged = await retention.ageOut(schema, response.now, youngerThanMs);
    for (const [collection, ids] of aged) for (const id of ids) touchOne(touched, collection, id);
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
  const early = await readEarly(tx);
  // What is shown already came with this very read: the rest of it comes now.
  const kept = JSON.stringify(early);
  for (const table of ['hf_record', 'hf_confirmed', 'hf_retained']) {
    await tx.run(`DELETE FROM ${table} WHERE collection NOT IN (SELECT value FROM json_each(?))`, [kept]);
  }
  await forgetEarly(tx);
  for (const { name } of schema.collections.values()) {
    if (early.includes(name)) continue;
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
  const gone = new Set(lost);
  const rows = await tx.all('SELECT collection, id, scopes FROM hf_record');
  const removed = new Map<Collection, string[]>();
  const kept: SqlValue[][] = [];
  for (const row of rows) {
    const scopes = JSON.parse(row.scopes as string) as Scope[];
    const left = scopes.filter((scope) => !gone.has(scope));
    const collection = schema.collections.get(row.collection as string);
    if (left.length === scopes.length || collection === undefined) continue;
    const id = row.id as string;
    if (left.length > 0) kept.push([JSON.stringify(left), collection.name, id]);
    else push(removed, collection, id);
    touchOne(touched, collection.name, id);
  }
  await tx.runMany('UPDATE hf_record SET scopes = ? WHERE collection = ? AND id = ?', kept);
  for (const [collection, ids] of removed) await removeRecords(tx, collection, ids, dirty);
}

function push<K>(lists: Map<K, string[]>, key: K, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
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
