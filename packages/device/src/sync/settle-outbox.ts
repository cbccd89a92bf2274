import type { ExchangeResponse, UserId } from '@holdfast/core';
import { appendAudit, noteLosses } from '../audit/audit-store.ts';
import { dropOriginals } from '../lift/originals.ts';
import {
  entangledEntries,
  pruneSent,
  type RecordAddress,
  releaseEntries,
  setStates,
  slimEntries,
} from '../outbox/outbox-store.ts';
import type { WriteTx } from '../ports/storage-driver.ts';
import type { ResponseContext } from './response-context.ts';
import { settle } from './settle.ts';

/** CF6: of work that was applied before; which mutation it was of is known here no more. */
async function noteOverridden(
  tx: WriteTx,
  overridden: NonNullable<ExchangeResponse['overridden']>,
  nowMs: number,
): Promise<void> {
  if (overridden.length === 0) return;
  const [owner] = await tx.all('SELECT user FROM hf_device');
  for (const { collection, record, ...loss } of overridden) {
    await noteLosses(tx, { id: null, user: owner?.user as UserId, collection, record }, [loss], nowMs);
  }
}

/** Gives the records whose entries left the outbox or changed their part in what is seen. */
export async function settleOutbox(
  tx: WriteTx,
  response: ExchangeResponse,
  context: ResponseContext,
): Promise<readonly RecordAddress[]> {
  if (response.cursor === null) return [];
  const before = await entangledEntries(tx);
  const { released, states, told } = settle(before, response.cursor.snapshot);
  await releaseEntries(tx, released, response.now);
  for (const { entry, receipt } of released) {
    if (receipt.outcome === 'merged') await noteLosses(tx, entry, receipt.lost, context.nowMs);
  }
  await noteOverridden(tx, response.overridden ?? [], context.nowMs);
  for (const { entry, what } of told) {
    await appendAudit(tx, what, entry, { content: entry.content }, context.nowMs);
  }
  await pruneSent(tx, response.durable, response.now);
  await dropOriginals(tx);
  await setStates(tx, states);
  const taken = [
    ...released.map(({ entry }) => entry.id),
    ...states.filter(({ state }) => state.at === 'conflicted' || state.at === 'refused').map(({ id }) => id),
  ];
  // Receipts of entries that are here no more were taken in before: they are acknowledged again.
  const byId = new Map(before.map((entry) => [entry.id, entry]));
  const others = response.receipts.map((receipt) => receipt.id).filter((id) => !byId.has(id));
  const open = new Set((await slimEntries(tx, new Set(others))).map((entry) => entry.id));
  const again = others.filter((id) => !open.has(id));
  await tx.runMany(
    'INSERT OR IGNORE INTO hf_unacknowledged (id) VALUES (?)',
    [...taken, ...again].map((id) => [id]),
  );
  const moved = states.map(({ id }) => byId.get(id)).filter((entry) => entry !== undefined);
  return [...released.map(({ entry }) => entry), ...moved];
}
