import {
  type DeviceId,
  type ExchangeRequest,
  limits,
  type Mutation,
  type MutationId,
  PROTOCOL_VERSION,
  type Schema,
  type Scope,
  WANT_ALL,
} from '@holdfast/core';
import { readHold } from '../hold/hold-store.ts';
import { readWanted, type WantedRecord } from '../hold/retained-store.ts';
import { type Original, readOriginals } from '../lift/originals.ts';
import { chainOf, type Link, lanesOf } from '../outbox/chain.ts';
import { type BatchLimits, chooseBatch } from '../outbox/choose-batch.ts';
import { toMutation } from '../outbox/entry.ts';
import { readFloor } from '../outbox/floor-store.ts';
import { answerOf } from '../outbox/liveness.ts';
import { entriesAt, type SlimEntry, sentEntry, slimCandidates } from '../outbox/outbox-store.ts';
import type { ReadTx } from '../ports/storage-driver.ts';
import { isCheckDue, readChecks } from './check-store.ts';
import { type ReadState, readReadState } from './cursor-store.ts';
import { planReading, type Reads } from './plan-reading.ts';

export interface BuiltRequest {
  readonly request: ExchangeRequest;
  /** The generation it was built upon: the answer counts only while it is still that. */
  readonly generation: number;
  /** The places of the chosen entries in the outbox. */
  readonly places: readonly number[];
  readonly reads: Reads;
}

export interface RequestContext {
  readonly device: DeviceId;
  readonly schema: Schema;
  readonly nonce: string;
  readonly nowMs: number;
  readonly batch: BatchLimits;
  /** The other end lifts what was written under an older schema; otherwise it is sent as it is lifted here. */
  readonly lifts: boolean;
  /** Records to fetch, besides those that the store wants. */
  readonly asks: readonly WantedRecord[];
}

type Wanted = ExchangeRequest['want'];

// Beyond this the oldest own entries are left out: the stamps order them all the same.
const LONGEST_CHAIN = limits.dependencies - 64;

/** What the next exchange sends: chosen entries, receipts to acknowledge, and where reading goes on. */
export async function buildRequest(tx: ReadTx, context: RequestContext): Promise<BuiltRequest> {
  const state = await readReadState(tx);
  const entries = await slimCandidates(tx, context.batch.mutations);
  const chosen = chooseBatch(entries, context.nowMs, context.batch);
  const seqOf = new Map(entries.map(({ id, seq }) => [id, seq]));
  const places = chosen.flatMap((id) => seqOf.get(id) ?? []);
  const acknowledged = await tx.all('SELECT id FROM hf_unacknowledged LIMIT ?', [limits.acknowledged]);
  const [owner] = await tx.all('SELECT user FROM hf_device');
  const reads = planReading(state, await readChecks(tx), context.nowMs);
  const request: ExchangeRequest = {
    protocol: PROTOCOL_VERSION,
    schema: context.schema.version,
    device: context.device,
    user: owner?.user as string,
    nonce: context.nonce,
    epoch: state.epoch,
    mutations: await mutationsOf(tx, context, entries, places),
    ack: {
      receipts: acknowledged.map((row) => row.id as MutationId),
      floor: await readFloor(tx, state.epoch),
    },
    ...(await readingOf(tx, state, reads, context)),
  };
  return { request, generation: state.generation, places, reads };
}

/** What the request asks to read. */
async function readingOf(
  tx: ReadTx,
  state: ReadState,
  reads: Reads,
  { schema, nowMs, asks }: RequestContext,
): Promise<Pick<ExchangeRequest, 'cursor' | 'catchUp' | 'want'>> {
  const { cursor, catchUp } = state;
  const hold = await readHold(tx);
  const records = [...asks, ...(await readWanted(tx))].slice(0, limits.fetchedRecords) as Wanted['records'];
  const { youngerThanMs } = hold;
  const scopes = hold.scopes === null ? null : ([...hold.scopes] as Scope[]);
  const want: Wanted = { ...WANT_ALL, scopes, youngerThanMs, records, echo: false };
  if (reads.kind === 'nothing') return { cursor, catchUp, want: { ...want, scopes: [], collections: [] } };
  const held = cursor === null ? null : { ...cursor, scopes: cursor.scopes.filter((each) => !isAgain(reads, each)) };
  const checksums = isCheckDue(await readChecks(tx), nowMs);
  // A server of a newer schema has more collections: of these this device holds nothing.
  const all = checksums ? [...schema.collections.keys()] : null;
  const collections = hold.collections === null ? all : [...hold.collections];
  return { cursor: held, catchUp, want: { ...want, collections, checksums } };
}

function isAgain(reads: Reads, scope: Scope): boolean {
  return reads.kind === 'scopes-again' && reads.scopes.includes(scope);
}

async function mutationsOf(
  tx: ReadTx,
  { schema, lifts }: RequestContext,
  entries: readonly SlimEntry[],
  places: readonly number[],
): Promise<Mutation[]> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const released = new Map<MutationId, Link | null>();
  const linkOf = async (id: MutationId): Promise<Link | null> => {
    const entry = byId.get(id);
    if (entry !== undefined) return { ...entry, open: answerOf(entry.state) === null };
    const known = released.get(id);
    if (known !== undefined) return known;
    const sent = await sentEntry(tx, id);
    const link =
      sent === null ? null : { ...sent, lanes: lanesOf(sent), isCommand: sent.content.kind === 'command', open: false };
    released.set(id, link);
    return link;
  };
  const mutations: Mutation[] = [];
  const originals = lifts ? await readOriginals(tx) : new Map<MutationId, Original>();
  for (const entry of await entriesAt(tx, places)) {
    const after = await chainOf({ ...entry, lanes: lanesOf(entry) }, linkOf, LONGEST_CHAIN);
    const needs = entry.needs.filter((each) => !isFulfilled(byId.get(each)));
    const policy = schema.collections.get(entry.collection)?.conflict.kind;
    mutations.push(
      toMutation({ ...entry, ...originals.get(entry.id), needs }, after, policy === 'manual' || policy === 'custom'),
    );
  }
  return mutations;
}

/** Released, or accepted with an effect: the server asks no more of it. */
function isFulfilled(entry: SlimEntry | undefined): boolean {
  if (entry === undefined) return true;
  const { state } = entry;
  return state.at === 'accepted' && (state.receipt.outcome === 'applied' || state.receipt.outcome === 'merged');
}
