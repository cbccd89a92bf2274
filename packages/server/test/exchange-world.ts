/** A clinic's server without HTTP, for the tests of exchanges: its store, the people in it, and what they send. */
import {
  type DeviceId,
  type ExchangeRequest,
  type ExchangeResponse,
  type Json,
  type Mutation,
  mintEpoch,
  must,
  type Scope,
  type UserId,
  versionOf,
} from '@holdfast/core';
import { clinic, MutationMaker, type Replica, requestOf } from '@holdfast/testkit';
import type { Principal } from '../src/auth/principal.ts';
import { createExchange, type Exchange } from '../src/exchange/create-exchange.ts';
import { memoryStore } from '../src/memory/memory-store.ts';
import type { FeedRequest, ServerStore } from '../src/store/server-store.ts';

export const epoch = mintEpoch(1_700_000_000_000, new Uint8Array(4), null);
export const clock = { now: () => 1_700_000_500_000 };
export const v = (count: number) => versionOf(epoch, count);
export const deviceId = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}` as DeviceId;
export const principal = (user: string, ...scopes: string[]): Principal => ({
  user: user as UserId,
  role: 'coordinator',
  scopes: [...scopes, 'everyone'] as Scope[],
});
export const ada = principal('ada', 'mentor:ada');
export const bob = principal('bob', 'mentor:bob');
export const both = principal('eve', 'mentor:ada', 'mentor:bob');

export let make = new MutationMaker();
/** What was called in the store. */
export let calls: string[] = [];
export let store: ServerStore;
export let exchange: Exchange;
let pauseNext: (() => Promise<void>) | null = null;

/** The same store, with a note of each call. */
function noted(inner: ServerStore): ServerStore {
  return {
    ...inner,
    transaction: (work) => {
      calls.push('transaction');
      return inner.transaction(work);
    },
    read: (request: FeedRequest) => {
      calls.push('read');
      return inner.read(request);
    },
  };
}

export function resetExchange(): void {
  make = new MutationMaker();
  calls = [];
  pauseNext = null;
  const check = (_: string, __: string, values: Readonly<Record<string, Json>>) =>
    values['phone'] === 'refused' ? 'contacts_phone_check' : null;
  const beforeCommit = async () => {
    const pause = pauseNext;
    pauseNext = null;
    await pause?.();
  };
  store = noted(memoryStore({ schema: clinic, epoch, check, beforeCommit }));
  exchange = createExchange({ store, schema: clinic, clock });
}

export function forgetCalls(): void {
  calls = [];
}

/** Holds the next transaction open when all but its commit is done; gives how to let it go. */
export async function heldOpen<T>(work: () => Promise<T>): Promise<{ result: Promise<T>; release: () => void }> {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let begun: Promise<T> | null = null;
  await new Promise<void>((reached) => {
    pauseNext = () => {
      reached();
      return gate;
    };
    begun = work();
  });
  return { result: must<Promise<T>>(begun, 'the work'), release };
}

export async function ask(who: Principal, request: ExchangeRequest): Promise<ExchangeResponse> {
  const answered = await exchange(who, request);
  if (!answered.ok) throw new Error(`${answered.error.code}: ${answered.error.detail ?? ''}`);
  return answered.value;
}

export const send = (who: Principal, device: DeviceId, ...mutations: Mutation[]) =>
  ask(who, requestOf(device, { mutations }));

/** Exchanges until a checkpoint. Gives how many it took. */
export async function catchUp(replica: Replica, who: Principal, parts: Partial<ExchangeRequest> = {}): Promise<number> {
  for (let round = 1; round < 1_000; round += 1) {
    if (replica.take(await ask(who, replica.request(parts)))) return round;
  }
  throw new Error('no checkpoint');
}

export const contact = (id: string, values: Record<string, Json> = {}, parts: object = {}) =>
  make.create({
    collection: 'contacts',
    record: id,
    values: { name: id, phone: null, mentorId: 'ada', ...values },
    ...parts,
  });
export const rename = (id: string, name: string, base: number, parts: object = {}) =>
  make.update({ collection: 'contacts', record: id, values: { name }, base: v(base), ...parts });
export const dose = (id: string, contactId: string, parts: object = {}) =>
  make.create({
    collection: 'doses',
    record: id,
    values: { contactId, drug: 'x', amount: 1, unit: 'mg' },
    ...parts,
  });

export const names = (replica: Replica) =>
  Object.fromEntries([...replica.records].map(([key, { values }]) => [key, values?.['name']]).sort());
export const outcomes = ({ receipts }: ExchangeResponse) =>
  receipts.map((each) => (each.outcome === 'refused' ? `refused:${each.reason}` : each.outcome));
