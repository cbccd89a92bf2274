import type { Page, RecordGroup, Schema } from '@holdfast/core';
import { readHold } from '../hold/hold-store.ts';
import { Retention } from '../hold/retention.ts';
import { dirtyRecords } from '../outbox/outbox-store.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';
import { quote } from '../store/tables.ts';
import { addressOf } from '../write/plan-write.ts';
import { applyGroups } from './apply-groups.ts';
import { Diverged } from './diverged.ts';

/** The collections that a first sync shows already. */
export async function readEarly(tx: ReadTx): Promise<string[]> {
  return (await tx.all('SELECT collection FROM hf_early')).map((row) => row.collection as string);
}

/** The catch-up begins anew: what was shown of it is not part of what comes now. */
export async function forgetEarly(tx: WriteTx): Promise<void> {
  await tx.run('DELETE FROM hf_early');
}

/**
 * SY9: shows these collections of a first sync, of which all has been staged, as they were at one moment. They
 * leave the stage, but for records with outbox entries: these change only at the checkpoint (SY8). Gives the
 * tables that changed.
 *
 * @throws Diverged where what was staged does not fit together; the transaction has to be undone
 */
export async function showEarly(
  tx: WriteTx,
  schema: Schema,
  collections: readonly string[],
  nowMs: number,
): Promise<readonly string[]> {
  const names = new Set(collections.filter((name) => schema.collections.has(name)));
  if (names.size === 0) return [];
  const dirty = new Set((await dirtyRecords(tx)).map((each) => addressOf(each.collection, each.record)));
  const { youngerThanMs } = await readHold(tx);
  const retention = youngerThanMs === null ? null : await Retention.begin(tx, dirty, nowMs);
  // What an earlier catch-up had shown of them may be gone by now.
  for (const name of names) await forgetCollection(tx, name, dirty);
  for (const row of await tx.all('SELECT seq, page FROM hf_stage ORDER BY seq')) {
    const page = JSON.parse(row.page as string) as Page;
    if (!page.groups.some(({ collection }) => names.has(collection))) continue;
    const [shown, staying] = parted(page.groups, names, dirty);
    const { missing } = await applyGroups(tx, schema, shown, dirty, retention);
    if (missing) throw new Diverged('a change came for a record that has not come');
    const left: Page = { ...page, groups: staying };
    if (staying.length === 0) await tx.run('DELETE FROM hf_stage WHERE seq = ?', [row.seq as number]);
    else await tx.run('UPDATE hf_stage SET page = ? WHERE seq = ?', [JSON.stringify(left), row.seq as number]);
  }
  await tx.runMany(
    'INSERT OR IGNORE INTO hf_early (collection) VALUES (?)',
    [...names].map((name) => [name]),
  );
  return [...names];
}

/** What can be shown now, and what waits for the checkpoint. */
function parted(
  groups: readonly RecordGroup[],
  names: ReadonlySet<string>,
  dirty: ReadonlySet<string>,
): [RecordGroup[], RecordGroup[]] {
  const shown: RecordGroup[] = [];
  const staying: RecordGroup[] = [];
  for (const group of groups) {
    const waits = (id: string) => !names.has(group.collection) || dirty.has(addressOf(group.collection, id));
    const [now, later] = [group.records.filter(([id]) => !waits(id)), group.records.filter(([id]) => waits(id))];
    if (now.length > 0) shown.push({ ...group, records: now });
    if (later.length > 0) staying.push({ ...group, records: later });
  }
  return [shown, staying];
}

async function forgetCollection(tx: WriteTx, name: string, dirty: ReadonlySet<string>): Promise<void> {
  const keep = [...dirty].filter((each) => each.startsWith(`${name}/`)).map((each) => each.slice(name.length + 1));
  const others = 'NOT IN (SELECT value FROM json_each(?))';
  for (const table of ['hf_record', 'hf_retained']) {
    await tx.run(`DELETE FROM ${table} WHERE collection = ? AND id ${others}`, [name, JSON.stringify(keep)]);
  }
  await tx.run(`DELETE FROM ${quote(name)} WHERE id ${others}`, [JSON.stringify(keep)]);
}
