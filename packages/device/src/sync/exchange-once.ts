import { type DeviceId, type ExchangeResponse, HoldfastError, type Schema } from '@holdfast/core';
import type { DeviceClock } from '../engine/device-clock.ts';
import type { FetchAsks } from '../hold/fetch-asks.ts';
import { readWanted } from '../hold/retained-store.ts';
import { incoming, takeInNews, withTouched } from '../identity/incoming.ts';
import { outgoing } from '../identity/outgoing.ts';
import { type MappingsTaken, takeInMappings } from '../identity/take-in-mappings.ts';
import { backoffMs } from '../link/backoff.ts';
import { dayOf, NO_TRAFFIC, SPARED_PRIORITY, sparing } from '../link/byte-budget.ts';
import type { Sample } from '../link/link-speed.ts';
import { newNonce } from '../link/probe.ts';
import { countTraffic } from '../link/traffic-store.ts';
import { heeding } from '../link/within.ts';
import type { BatchLimits } from '../outbox/choose-batch.ts';
import type { EntryState } from '../outbox/entry-state.ts';
import { markSending, setStates } from '../outbox/outbox-store.ts';
import type { Backend, ExchangeCall, ExchangeResult, IdentityContext } from '../ports/backend.ts';
import type { ChangeNotice, LinkTraits, Platform } from '../ports/platform.ts';
import type { StorageDriver, WriteTx } from '../ports/storage-driver.ts';
import { refuseNewer } from '../store/open-store.ts';
import { addressOf } from '../write/plan-write.ts';
import { applyResponse, type TakenIn } from './apply-response.ts';
import { type BuiltRequest, buildRequest } from './build-request.ts';
import { readChecks } from './check-store.ts';
import { compareScopes } from './compare-scopes.ts';
import { readReadState } from './cursor-store.ts';
import { Diverged } from './diverged.ts';
import { endFence, readFence, takeFence } from './fence.ts';
import { planReading } from './plan-reading.ts';
import { readAgain } from './read-again.ts';

export interface ExchangeDeps {
  readonly storage: StorageDriver;
  readonly backend: Backend;
  readonly platform: Pick<Platform, 'clock' | 'linkTraits' | 'random' | 'timers'>;
  readonly schema: Schema;
  readonly device: DeviceId;
  readonly clock: DeviceClock;
  /** NW7: past so many bytes on the wire a day low priorities wait; null for no budget. */
  readonly bytesPerDay: number | null;
  /** Records that somebody waits for. */
  readonly asks: FetchAsks;
  /** Hears what somebody should look at; nothing is lost by it. */
  readonly onReport: (error: HoldfastError) => void;
  /** Told of every commit that changed something. */
  readonly onChange: (notice: ChangeNotice) => Promise<void>;
}

/** How much goes, and how long it may take: what the measured link lets through. */
export interface ExchangeSize {
  readonly batch: BatchLimits;
  readonly pageBytes: number;
  readonly deadlines: ExchangeCall['deadlines'];
}

export type ExchangeOutcome =
  | {
      readonly type: 'taken-in';
      readonly taken: TakenIn;
      readonly sample: Sample | null;
      readonly more: boolean;
      readonly restarted: boolean;
    }
  /** The answer came to a state that is no more; asking again brings it. */
  | { readonly type: 'overtaken' }
  | {
      readonly type: 'failed';
      readonly result: Exclude<ExchangeResult, { type: 'answered' }>;
      /** Mutations, and the transactions they are of. */
      readonly sent: number;
      readonly transactions: number;
    };

const OUTBOX: ChangeNotice = { tables: { hf_outbox: null } };
/** A first sync's checkpoint takes minutes on a slow phone, and nothing is seen to move. */
const STORE_MS = 5 * 60_000;
const UNTOLD: LinkTraits = { saveData: false, metered: false };
const CANCELLED = { type: 'down', detail: 'cancelled' } as const;

/**
 * One round trip: choose and mark, send, take in. Whatever happens on the way, every entry stays.
 *
 * @param onProgress something moved; the next is due within so many milliseconds
 */
export async function exchangeOnce(
  deps: ExchangeDeps,
  size: ExchangeSize,
  signal: AbortSignal,
  onProgress: (withinMs: number) => void,
): Promise<ExchangeOutcome> {
  if (signal.aborted) return { type: 'failed', result: CANCELLED, sent: 0, transactions: 0 };
  const built = await build(deps, size);
  onProgress(0);
  const { mutations } = built.request;
  if (mutations.length > 0) await deps.onChange(OUTBOX);
  const startedAt = deps.platform.clock.monotonic();
  const call = { deadlines: size.deadlines, onProgress, ...(built.identity !== null && { identity: built.identity }) };
  const result = await ask(deps, built, call, signal);
  onProgress(STORE_MS);
  if (result.type !== 'answered') {
    await giveBack(deps, built, result);
    const transactions = new Set(mutations.map(({ transaction }) => transaction)).size;
    return { type: 'failed', result, sent: mutations.length, transactions };
  }
  const roundTripMs = deps.platform.clock.monotonic() - startedAt;
  const taken = await takeIn(deps, built, result, roundTripMs);
  if (taken === null) {
    await giveBack(deps, built, { type: 'down', detail: 'overtaken' });
    return { type: 'overtaken' };
  }
  await deps.onChange(taken.notice);
  deps.asks.answer(taken.fetched);
  const { cursor, catchUp } = result.response;
  const compared = await compare(deps, built, result.response, taken);
  return {
    type: 'taken-in',
    taken,
    sample: result.sample ?? null,
    more: !taken.limited && (cursor === null || compared || (await isWanting(deps, built, taken))),
    restarted: !taken.limited && cursor === null && catchUp === null,
  };
}

interface Built extends BuiltRequest {
  readonly fence: number;
  /** The request as it is sent. */
  readonly outgoing: BuiltRequest['request'];
  /** Null for a backend that takes the device's ids. */
  readonly identity: IdentityContext | null;
}

/** OB7: the choice is durable before it is sent. */
async function build(deps: ExchangeDeps, size: ExchangeSize): Promise<Built> {
  const { clock, linkTraits, random } = deps.platform;
  const nowMs = clock.now();
  const traffic = deps.backend.takeTraffic?.() ?? NO_TRAFFIC;
  return deps.storage.write(async (tx) => {
    await refuseNewer(tx, deps.schema);
    const fence = await takeFence(tx);
    const today = await countTraffic(tx, dayOf(nowMs), traffic);
    const spares = sparing(linkTraits?.() ?? UNTOLD, today, deps.bytesPerDay) !== null;
    const built = await buildRequest(tx, {
      device: deps.device,
      schema: deps.schema,
      nonce: newNonce(random),
      nowMs,
      asks: deps.asks.keys(),
      lifts: deps.backend.identity !== 'assigned',
      batch: spares ? { ...size.batch, upTo: SPARED_PRIORITY } : size.batch,
    });
    const want = { ...built.request.want, maxBytes: size.pageBytes };
    const whole: BuiltRequest = { ...built, request: { ...built.request, want } };
    const out = deps.backend.identity === 'assigned' ? await outgoing(tx, deps.schema, whole) : null;
    const { request, generation, places, reads } = out?.built ?? whole;
    await markSending(tx, places);
    if (places.length === 0) await endFence(tx, fence);
    return {
      request,
      generation,
      places,
      reads,
      fence,
      outgoing: out?.request ?? request,
      identity: out?.identity ?? null,
    };
  });
}

/** NW8: whoever cancels need not wait for a transport that does not heed its signal (hazard G4). */
async function ask(deps: ExchangeDeps, built: Built, call: ExchangeCall, signal: AbortSignal): Promise<ExchangeResult> {
  try {
    return await heeding(signal, deps.backend.exchange(built.outgoing, signal, call));
  } catch (error) {
    if (signal.aborted) return CANCELLED;
    throw error;
  }
}

async function takeIn(
  deps: ExchangeDeps,
  built: Built,
  result: Extract<ExchangeResult, { type: 'answered' }>,
  roundTripMs: number,
): Promise<TakenIn | null> {
  try {
    return await deps.storage.write(async (tx) => {
      await refuseNewer(tx, deps.schema);
      if (!(await endFence(tx, built.fence))) {
        await takeInMappings(tx, deps.schema, result.mappings ?? []);
        return null;
      }
      const { response, news } = await takeInIdentity(tx, deps, built, result);
      const taken = await applyResponse(tx, response, {
        schema: deps.schema,
        generation: built.generation,
        sent: built.request.mutations.map((mutation) => mutation.id),
        acknowledged: built.request.ack.receipts,
        reads: built.reads,
        asksChecksums: built.request.want.checksums,
        nowMs: deps.platform.clock.now(),
        bytes: result.bytes,
      });
      if (taken !== null) await deps.clock.learn(tx, taken.stamp, response.now, roundTripMs);
      return taken === null || news === null ? taken : { ...taken, notice: withTouched(taken.notice, news) };
    });
  } catch (error) {
    if (!(error instanceof Diverged)) throw error;
    deps.onReport(new HoldfastError('Diverged', error.message));
    await deps.storage.write(async (tx) => {
      // The rest of the answer does not count; which records it made stays true.
      await takeInIdentity(tx, deps, built, result);
      if ((await readFence(tx)) === built.fence) await readAgain(tx);
    });
    return null;
  }
}

/** SY14: there is content to fetch that has not just come, and the last attempt, if there was one, has brought some. */
async function isWanting({ storage }: ExchangeDeps, { request }: Built, { fetched }: TakenIn): Promise<boolean> {
  if (request.want.records.length > 0 && fetched.length === 0) return false;
  const come = new Set(fetched.map(({ collection, record }) => addressOf(collection, record)));
  return (await storage.read(readWanted)).some(({ collection, record }) => !come.has(addressOf(collection, record)));
}

/** SY16. True where something is to be read again at once. */
async function compare(
  deps: ExchangeDeps,
  { generation }: Built,
  { checksums }: ExchangeResponse,
  { checkpoint }: TakenIn,
): Promise<boolean> {
  if (!checkpoint || checksums === null) return false;
  const { storage } = deps;
  const nowMs = deps.platform.clock.now();
  const report = await compareScopes(storage, checksums, generation + 1, nowMs);
  if (report === null) return false;
  deps.onReport(report);
  const plan = await storage.read(async (tx) => planReading(await readReadState(tx), await readChecks(tx), nowMs));
  return plan.kind === 'scopes-again';
}

/** ID3: mappings are stored in the transaction of the receipts they came with, and before those are read. */
async function takeInIdentity(
  tx: WriteTx,
  deps: ExchangeDeps,
  built: Built,
  result: Extract<ExchangeResult, { type: 'answered' }>,
): Promise<{ readonly response: ExchangeResponse; readonly news: MappingsTaken | null }> {
  if (built.identity === null) return { response: result.response, news: null };
  const news = await takeInNews(tx, deps.schema, result, built.identity);
  return { response: await incoming(tx, deps.schema, result.response, news), news };
}

/**
 * The entries are still ours to send. Being offline counts as no try; a server that could not or would
 * not take them does, and says when the next one is.
 */
async function giveBack(
  deps: ExchangeDeps,
  built: Built,
  result: Exclude<ExchangeResult, { type: 'answered' }>,
): Promise<void> {
  const ids = built.request.mutations.map((mutation) => mutation.id);
  if (ids.length === 0) return;
  const nowMs = deps.platform.clock.now();
  const transactions = new Set(built.request.mutations.map((mutation) => mutation.transaction));
  const notice = await deps.storage.write(async (tx) => {
    if (!(await endFence(tx, built.fence))) {
      const late = await takeInMappings(tx, deps.schema, result.mappings ?? []);
      return withTouched(OUTBOX, late);
    }
    const news = built.identity === null ? null : await takeInNews(tx, deps.schema, result, built.identity);
    const still = `SELECT seq, tries, state FROM hf_outbox WHERE id IN (SELECT value FROM json_each(?))`;
    const rows = await tx.all(still, [JSON.stringify(ids)]);
    const sending = rows.filter((row) => (JSON.parse(row.state as string) as EntryState).at === 'sending');
    const waits = result.type === 'rejected' && result.speaksOf === 'content' && transactions.size === 1;
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
    return news === null ? OUTBOX : withTouched(OUTBOX, news);
  });
  await deps.onChange(notice);
}
