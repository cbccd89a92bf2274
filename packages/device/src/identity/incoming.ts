import type { ExchangeResponse, MutationId, Receipt, Schema } from '@holdfast/core';
import type { EntryState } from '../outbox/entry-state.ts';
import { setStates } from '../outbox/outbox-store.ts';
import type { IdentityContext, IdentityNews } from '../ports/backend.ts';
import type { ChangeNotice } from '../ports/platform.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';
import { withIds } from './id-table.ts';
import { type MappingsTaken, takeInMappings } from './take-in-mappings.ts';
import { translateResponse } from './translate-response.ts';

/**
 * ID3 to ID5: takes in what a backend that assigns ids has found out, in the transaction of the answer it came
 * with: mappings, what may have been received, and what was surely not.
 */
export async function takeInNews(
  tx: WriteTx,
  schema: Schema,
  news: IdentityNews,
  { resent }: IdentityContext,
): Promise<MappingsTaken> {
  const taken = await takeInMappings(tx, schema, news.mappings ?? []);
  const before = new Set(resent);
  await tx.runMany(
    'UPDATE hf_outbox SET sent = 0 WHERE id = ?',
    (news.unsent ?? []).filter((id) => !before.has(id)).map((id) => [id]),
  );
  const doubt: EntryState = { at: 'blocked', by: [], reason: 'maybe-sent' };
  // What has its answer by now is in no doubt.
  const rows = await tx.all(
    `SELECT seq FROM hf_outbox WHERE id IN (SELECT value FROM json_each(?))
     AND json_extract(state, '$.at') IN ('pending', 'sending', 'waiting', 'blocked')`,
    [JSON.stringify(news.maybeSent ?? [])],
  );
  await setStates(
    tx,
    rows.map((row) => ({ seq: row.seq as number, state: doubt })),
  );
  return taken;
}

/**
 * ID2: the answer as the device takes it in. A create whose record the backend says is another one's has made
 * none of its own: it is refused, so that a person sees it, instead of vanishing as applied.
 */
export async function incoming(
  tx: ReadTx,
  schema: Schema,
  response: ExchangeResponse,
  { contradicted }: MappingsTaken,
): Promise<ExchangeResponse> {
  const records = await recordsOf(tx, response.receipts);
  const twice = new Set(contradicted.map(({ collection, local }) => `${collection}/${local}`));
  const translated = await withIds(tx, 'to-local', (lookup) =>
    translateResponse(schema, response, (id) => records.get(id)?.collection, lookup),
  );
  if (twice.size === 0) return translated;
  return {
    ...translated,
    receipts: translated.receipts.map((receipt): Receipt => {
      const made = records.get(receipt.id);
      if (made?.kind !== 'create' || !twice.has(`${made.collection}/${made.record}`)) return receipt;
      const detail = 'the server took it for a record that stands for another one here';
      return { outcome: 'refused', id: receipt.id, position: receipt.position, reason: 'exists', detail };
    }),
  };
}

/** What else than the answer itself changed what is seen. */
export function withTouched(notice: ChangeNotice, { touched }: MappingsTaken): ChangeNotice {
  const tables: Record<string, readonly string[] | null> = { ...notice.tables };
  for (const [collection, ids] of touched) {
    const known = tables[collection];
    if (known !== null) tables[collection] = [...new Set([...(known ?? []), ...ids])];
  }
  return { tables };
}

interface Made {
  readonly kind: string;
  readonly collection: string;
  readonly record: string;
}

async function recordsOf(tx: ReadTx, receipts: readonly Receipt[]): Promise<Map<MutationId, Made>> {
  const ids = JSON.stringify(receipts.map(({ id }) => id));
  const rows = await tx.all(
    `SELECT id, kind, collection, record FROM hf_outbox WHERE id IN (SELECT value FROM json_each(?))
     UNION ALL SELECT id, kind, collection, record FROM hf_sent WHERE id IN (SELECT value FROM json_each(?))`,
    [ids, ids],
  );
  return new Map(rows.map((row) => [row.id as MutationId, row as unknown as Made]));
}
