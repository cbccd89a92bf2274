import type { ExchangeResponse, JsonObject, MutationId, Page, RecordGroup } from '@holdfast/core';
import type { EntryContent } from '../outbox/entry.ts';
import { setOf } from '../outbox/entry.ts';
import type { ReadTx } from '../ports/storage-driver.ts';
import { Diverged } from './diverged.ts';

/**
 * The pages of an answer with all that they say: records that came back as the request created them get their values
 * from the outbox, where these stay until the answer is part of a checkpoint.
 *
 * @throws Diverged where no such create is here
 */
export async function withOwnValues(
  tx: ReadTx,
  { pages, receipts }: Pick<ExchangeResponse, 'pages' | 'receipts'>,
  sent: readonly MutationId[],
): Promise<Page[]> {
  const applied = new Set(receipts.filter(({ outcome }) => outcome === 'applied').map(({ id }) => id));
  const creates = sent.filter((id) => applied.has(id));
  const filled: Page[] = [];
  for (const page of pages) {
    const groups: RecordGroup[] = [];
    for (const group of page.groups) groups.push(group.own === true ? await filledGroup(tx, group, creates) : group);
    filled.push({ ...page, groups });
  }
  return filled;
}

async function filledGroup(
  tx: ReadTx,
  { own: _, ...group }: RecordGroup,
  creates: readonly MutationId[],
): Promise<RecordGroup> {
  const rows = await tx.all(
    `SELECT record, body FROM hf_outbox WHERE kind = 'create' AND collection = ?
     AND record IN (SELECT value FROM json_each(?)) AND id IN (SELECT value FROM json_each(?))`,
    [group.collection, JSON.stringify(group.records.map(([id]) => id)), JSON.stringify(creates)],
  );
  const values = new Map(rows.map((row) => [row.record, valuesOf(row.body as string)]));
  const records = group.records.map(([id, count, , ...more]): RecordGroup['records'][number] => {
    const own = values.get(id);
    if (own === undefined) throw new Diverged('a record came back as created here, and no create of it is here');
    return [id, count, own, ...more];
  });
  return { ...group, records };
}

// The store is ours: what comes out of it is what was put in.
function valuesOf(body: string): JsonObject {
  const content = { kind: 'create', ...(JSON.parse(body) as object) } as EntryContent;
  return Object.assign({}, ...setOf(content).map((change) => change.values)) as JsonObject;
}
