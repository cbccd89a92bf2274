import {
  type DeviceId,
  type ExchangeRequest,
  limits,
  type Mutation,
  type MutationId,
  PROTOCOL_VERSION,
  type Schema,
} from '@holdfast/core';
import { chainOf } from '../outbox/chain.ts';
import { type BatchLimits, chooseBatch } from '../outbox/choose-batch.ts';
import { type Entry, toMutation } from '../outbox/entry.ts';
import { standsAside } from '../outbox/liveness.ts';
import { allEntries, previousOfSent } from '../outbox/outbox-store.ts';
import type { ReadTx } from '../ports/storage-driver.ts';
import { readReadState } from './cursor-store.ts';

export interface BuiltRequest {
  readonly request: ExchangeRequest;
  /** The generation it was built upon: the answer counts only while it is still that. */
  readonly generation: number;
  /** The places of the chosen entries in the outbox. */
  readonly places: readonly number[];
}

export interface RequestContext {
  readonly device: DeviceId;
  readonly schema: Schema;
  readonly nonce: string;
  readonly nowMs: number;
  readonly batch: BatchLimits;
}

// Beyond this the oldest own entries are left out: the stamps order them all the same.
const LONGEST_CHAIN = limits.dependencies - 64;

/** What the next exchange sends: chosen entries, receipts to acknowledge, and where reading goes on. */
export async function buildRequest(tx: ReadTx, context: RequestContext): Promise<BuiltRequest> {
  const state = await readReadState(tx);
  const entries = await allEntries(tx);
  const candidates = entries.map((entry) => ({ ...entry, bytes: JSON.stringify(entry.content).length + 200 }));
  const chosen = chooseBatch(candidates, context.nowMs, context.batch);
  const acknowledged = await tx.all('SELECT id FROM hf_unacknowledged LIMIT ?', [limits.acknowledged]);
  const request: ExchangeRequest = {
    protocol: PROTOCOL_VERSION,
    schema: context.schema.version,
    device: context.device,
    nonce: context.nonce,
    epoch: state.epoch,
    mutations: await mutationsOf(tx, context.schema, entries, chosen),
    ack: { receipts: acknowledged.map((row) => row.id as MutationId), floor: null },
    cursor: state.cursor,
    catchUp: state.catchUp,
    want: { scopes: null, maxBytes: null },
  };
  const isChosen = new Set(chosen);
  const places = entries.filter(({ id }) => isChosen.has(id)).map(({ seq }) => seq);
  return { request, generation: state.generation, places };
}

async function mutationsOf(
  tx: ReadTx,
  schema: Schema,
  entries: readonly Entry[],
  chosen: readonly MutationId[],
): Promise<Mutation[]> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const released = await releasedPredecessors(tx, byId, chosen);
  const previousOf = (id: MutationId) => byId.get(id)?.previous ?? released.get(id);
  return chosen.flatMap((id) => {
    const entry = byId.get(id);
    if (entry === undefined) return [];
    // Of other records only what is not answered yet: a message has room for no more, and nothing else counts.
    const referring = entry.afterReferring.filter((each) => isOpen(byId.get(each)));
    const after = [...chainOf(entry.previous, previousOf).slice(referring.length - limits.dependencies), ...referring];
    const needs = entry.needs.filter((each) => !isFulfilled(byId.get(each)));
    const withWas = schema.collections.get(entry.collection)?.conflict.kind === 'manual';
    return [toMutation({ ...entry, needs }, [...new Set(after)], withWas)];
  });
}

function isOpen(entry: Entry | undefined): boolean {
  return entry !== undefined && entry.state.at !== 'accepted' && !standsAside(entry.state);
}

/** Released, or accepted with an effect: the server asks no more of it. */
function isFulfilled(entry: Entry | undefined): boolean {
  if (entry === undefined) return true;
  const { state } = entry;
  return state.at === 'accepted' && (state.receipt.outcome === 'applied' || state.receipt.outcome === 'merged');
}

/** The part of the chosen entries' chains that has left the outbox. */
async function releasedPredecessors(
  tx: ReadTx,
  byId: ReadonlyMap<MutationId, Entry>,
  chosen: readonly MutationId[],
): Promise<Map<MutationId, MutationId | null>> {
  const released = new Map<MutationId, MutationId | null>();
  for (const start of chosen) {
    let id = byId.get(start)?.previous ?? null;
    for (let step = 0; step < LONGEST_CHAIN && id !== null && !released.has(id); step += 1) {
      const inOutbox = byId.get(id);
      const next: MutationId | null = inOutbox ? inOutbox.previous : await previousOfSent(tx, id);
      if (!inOutbox) released.set(id, next);
      id = next;
    }
  }
  return released;
}
