import type { DeviceId, Schema } from '@holdfast/core';
import type { EntryState } from '../device.ts';
import type { DeviceClock } from '../engine/device-clock.ts';
import { backoffMs } from '../link/backoff.ts';
import type { BatchLimits } from '../outbox/choose-batch.ts';
import { markSending, setStates } from '../outbox/outbox-store.ts';
import type { Backend, ExchangeResult } from '../ports/backend.ts';
import type { ChangeNotice, Platform } from '../ports/platform.ts';
import type { StorageDriver } from '../ports/storage-driver.ts';
import { refuseNewer } from '../store/open-store.ts';
import { applyResponse, type TakenIn } from './apply-response.ts';
import { type BuiltRequest, buildRequest } from './build-request.ts';
import { Diverged } from './checkpoint.ts';
import { readAgain } from './read-again.ts';

export interface ExchangeDeps {
  readonly storage: StorageDriver;
  readonly backend: Backend;
  readonly platform: Pick<Platform, 'clock' | 'random' | 'timers'>;
  readonly schema: Schema;
  readonly device: DeviceId;
  readonly clock: DeviceClock;
  readonly timeoutMs: number;
  /** Told of every commit that changed something. */
  readonly onChange: (notice: ChangeNotice) => Promise<void>;
}

export type ExchangeOutcome =
  | {
      readonly type: 'taken-in';
      readonly taken: TakenIn;
      readonly sent: number;
      readonly more: boolean;
      readonly restarted: boolean;
    }
  /** The answer came to a state that is no more; asking again brings it. */
  | { readonly type: 'overtaken' }
  | { readonly type: 'failed'; readonly result: Exclude<ExchangeResult, { type: 'answered' }>; readonly sent: number };

const OUTBOX: ChangeNotice = { tables: { hf_outbox: null } };

/** One round trip: choose and mark, send, take in. Whatever happens on the way, every entry stays. */
export async function exchangeOnce(
  deps: ExchangeDeps,
  batch: BatchLimits,
  signal: AbortSignal,
): Promise<ExchangeOutcome> {
  const built = await build(deps, batch);
  const ids = built.request.mutations.map((mutation) => mutation.id);
  if (ids.length > 0) await deps.onChange(OUTBOX);
  const startedAt = deps.platform.clock.monotonic();
  const result = await withTimeLimit(deps, signal, (limited) => deps.backend.exchange(built.request, limited));
  if (result.type !== 'answered') {
    await giveBack(deps, built, result);
    return { type: 'failed', result, sent: ids.length };
  }
  const roundTripMs = deps.platform.clock.monotonic() - startedAt;
  const taken = await takeIn(deps, built, result, roundTripMs);
  if (taken === null) {
    await giveBack(deps, built, { type: 'down', detail: 'overtaken' });
    return { type: 'overtaken' };
  }
  await deps.onChange(taken.notice);
  return {
    type: 'taken-in',
    taken,
    sent: ids.length,
    more: result.response.cursor === null,
    restarted: result.response.cursor === null && result.response.catchUp === null,
  };
}

/** OB7: the choice is durable before it is sent. */
async function build(deps: ExchangeDeps, batch: BatchLimits): Promise<BuiltRequest> {
  const nonce = [...deps.platform.random.bytes(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return deps.storage.write(async (tx) => {
    await refuseNewer(tx, deps.schema);
    const built = await buildRequest(tx, {
      device: deps.device,
      schema: deps.schema,
      nonce,
      nowMs: deps.platform.clock.now(),
      batch,
    });
    await markSending(tx, built.places);
    return built;
  });
}

/** NW8: no request goes on for ever, and one that is given up loses nothing. */
async function withTimeLimit(
  deps: ExchangeDeps,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<ExchangeResult>,
): Promise<ExchangeResult> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  outer.addEventListener('abort', abort, { once: true });
  let giveUp: (result: ExchangeResult) => void = () => {};
  const late = new Promise<ExchangeResult>((resolve) => {
    giveUp = resolve;
  });
  const cancel = deps.platform.timers.after(deps.timeoutMs, () => {
    abort();
    giveUp({ type: 'down', detail: `no answer within ${deps.timeoutMs} ms` });
  });
  // A transport that does not heed its signal must not hold up the device (hazard G4).
  controller.signal.addEventListener('abort', () => giveUp({ type: 'down', detail: 'cancelled' }), { once: true });
  if (outer.aborted) abort();
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    cancel();
    outer.removeEventListener('abort', abort);
  }
}

async function takeIn(
  deps: ExchangeDeps,
  built: BuiltRequest,
  result: Extract<ExchangeResult, { type: 'answered' }>,
  roundTripMs: number,
): Promise<TakenIn | null> {
  const { response } = result;
  try {
    return await deps.storage.write(async (tx) => {
      await refuseNewer(tx, deps.schema);
      const taken = await applyResponse(tx, response, {
        schema: deps.schema,
        generation: built.generation,
        sent: built.request.mutations.map((mutation) => mutation.id),
        acknowledged: built.request.ack.receipts,
        nowMs: deps.platform.clock.now(),
        bytes: result.bytes,
      });
      if (taken !== null) await deps.clock.learn(tx, taken.stamp, response.now, roundTripMs);
      return taken;
    });
  } catch (error) {
    if (!(error instanceof Diverged)) throw error;
    await deps.storage.write(readAgain);
    return null;
  }
}

/**
 * The entries are still ours to send. Being offline counts as no try; a server that could not or would
 * not take them does, and says when the next one is.
 */
async function giveBack(
  deps: ExchangeDeps,
  built: BuiltRequest,
  result: Exclude<ExchangeResult, { type: 'answered' }>,
): Promise<void> {
  const ids = built.request.mutations.map((mutation) => mutation.id);
  if (ids.length === 0) return;
  const nowMs = deps.platform.clock.now();
  const transactions = new Set(built.request.mutations.map((mutation) => mutation.transaction));
  await deps.storage.write(async (tx) => {
    const still = `SELECT seq, tries, state FROM hf_outbox WHERE id IN (SELECT value FROM json_each(?))`;
    const rows = await tx.all(still, [JSON.stringify(ids)]);
    const sending = rows.filter((row) => (JSON.parse(row.state as string) as EntryState).at === 'sending');
    const waits = result.type === 'rejected' && transactions.size === 1;
    // While the server is busy all of sync waits, as long as it said; nothing of its own has to.
    if (waits || result.type === 'busy') {
      await tx.runMany(
        'UPDATE hf_outbox SET tries = tries + 1 WHERE seq = ?',
        sending.map((row) => [row.seq as number]),
      );
    }
    await setStates(
      tx,
      sending.map((row) => ({
        seq: row.seq as number,
        state: waits
          ? {
              at: 'waiting',
              since: nowMs,
              nextTry: nowMs + backoffMs((row.tries as number) + 1, deps.platform.random.fraction(), null),
              error: result.detail,
            }
          : { at: 'pending' },
      })),
    );
  });
  await deps.onChange(OUTBOX);
}
