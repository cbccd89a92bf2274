/** Who decides upon what in the tests of deciding: a small clinic, three people, and what came of it so far. */
import {
  type DeviceId,
  type Epoch,
  type Json,
  type Mutation,
  mintEpoch,
  must,
  type Scope,
  type Stamp,
  type TransactionId,
  type UserId,
  versionOf,
} from '@holdfast/core';
import { clinic, MutationMaker } from '@holdfast/testkit';
import type { Principal } from '../src/auth/principal.ts';
import type { DecideContext, Known } from '../src/decide/decide-context.ts';
import { decideExchange, transactionsIn } from '../src/decide/decide-exchange.ts';
import { recordKey } from '../src/store/server-store.ts';

export const epoch = mintEpoch(1_700_000_000_000, new Uint8Array(4), null);
export const v = (count: number) => versionOf(epoch, count);
export const scope = (text: string) => text as Scope;
export const device = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}` as DeviceId;

export const ada: Principal = {
  user: 'ada' as UserId,
  role: 'mentor',
  scopes: [scope('mentor:ada'), scope('everyone')],
};
export const bob: Principal = {
  user: 'bob' as UserId,
  role: 'mentor',
  scopes: [scope('mentor:bob'), scope('everyone')],
};
export const eve: Principal = {
  user: 'eve' as UserId,
  role: 'coordinator',
  scopes: [scope('mentor:ada'), scope('mentor:bob'), scope('everyone')],
};

export let make = new MutationMaker();
/** What the decisions so far have left. */
export let known: Known = { applied: new Map(), records: new Map() };

export function resetWorld(): void {
  make = new MutationMaker();
  known = { applied: new Map(), records: new Map() };
}

export function context(principal: Principal, from = device(1), over: Partial<DecideContext> = {}): DecideContext {
  const clamp = (stamp: Stamp) => stamp;
  const now = 1_700_000_500_000;
  return { schema: clinic, epoch: epoch as Epoch, principal, device: from, now, clamp, commands: new Map(), ...over };
}

/** Decides without writing. */
export function decideAs(principal: Principal, mutations: readonly Mutation[], from?: DeviceId) {
  return decideExchange(context(principal, from), known, transactionsIn(mutations));
}

/** Decides and goes on from there. Outcomes in short: `applied`, `refused:gone`, … */
export function send(principal: Principal, mutations: readonly Mutation[], from?: DeviceId): string[] {
  const decided = decideAs(principal, mutations, from);
  known = decided.after();
  return decided.receipts.map((each) => (each.outcome === 'refused' ? `refused:${each.reason}` : each.outcome));
}

export const stateOf = (name: string, id: string) => must(known.records.get(recordKey(name, id)), id).state;
export const valuesOf = (name: string, id: string) => stateOf(name, id).values;

export const contact = (values: Record<string, Json> = {}) => ({
  name: 'Ada',
  phone: null,
  mentorId: 'ada',
  ...values,
});
export const dose = (values: Record<string, Json> = {}) => ({
  contactId: 'c1',
  drug: 'x',
  amount: 1,
  unit: 'mg',
  ...values,
});

export function createContact(id = 'c1', values: Record<string, Json> = {}, parts: object = {}) {
  return make.create({ collection: 'contacts', record: id, values: contact(values), ...parts });
}

export function updateContact(values: Record<string, Json>, base: number, parts: object = {}) {
  return make.update({ collection: 'contacts', record: 'c1', values, base: v(base), ...parts });
}

export const tx = () => make.uuid<TransactionId>();
