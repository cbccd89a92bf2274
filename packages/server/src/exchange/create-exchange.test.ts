import {
  type DeviceId,
  type ExchangeRequest,
  type ExchangeResponse,
  type Json,
  type Mutation,
  type MutationId,
  mintEpoch,
  type Scope,
  type UserId,
  VERSION_NONE,
  versionOf,
} from '@holdfast/core';
import { clinic, MutationMaker, Replica, requestOf } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Principal } from '../auth/principal.ts';
import { memoryStore } from '../memory/memory-store.ts';
import type { FeedRequest, ServerStore } from '../store/server-store.ts';
import { createExchange, type Exchange } from './create-exchange.ts';

const epoch = mintEpoch(1_700_000_000_000, new Uint8Array(4), null);
const clock = { now: () => 1_700_000_500_000 };
const v = (count: number) => versionOf(epoch, count);
const deviceId = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}` as DeviceId;
const principal = (user: string, ...scopes: string[]): Principal => ({
  user: user as UserId,
  role: 'coordinator',
  scopes: [...scopes, 'everyone'] as Scope[],
});
const ada = principal('ada', 'mentor:ada');
const bob = principal('bob', 'mentor:bob');
const both = principal('eve', 'mentor:ada', 'mentor:bob');

let make: MutationMaker;
let calls: string[];
let pause: (() => Promise<void>) | null;
let store: ServerStore;
let exchange: Exchange;

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

beforeEach(() => {
  make = new MutationMaker();
  calls = [];
  pause = null;
  const check = (_: string, __: string, values: Readonly<Record<string, Json>>) =>
    values['phone'] === 'refused' ? 'contacts_phone_check' : null;
  store = noted(memoryStore({ schema: clinic, epoch, check, beforeCommit: async () => pause?.() }));
  exchange = createExchange({ store, schema: clinic, clock });
});

async function ask(who: Principal, request: ExchangeRequest): Promise<ExchangeResponse> {
  const answered = await exchange(who, request);
  if (!answered.ok) throw new Error(`${answered.error.code}: ${answered.error.detail ?? ''}`);
  return answered.value;
}

const send = (who: Principal, device: DeviceId, ...mutations: Mutation[]) => ask(who, requestOf(device, { mutations }));

/** Exchanges until a checkpoint. Gives how many it took. */
async function catchUp(replica: Replica, who: Principal, parts: Partial<ExchangeRequest> = {}): Promise<number> {
  for (let round = 1; round < 1_000; round += 1) {
    if (replica.take(await ask(who, replica.request(parts)))) return round;
  }
  throw new Error('no checkpoint');
}

const contact = (id: string, values: Record<string, Json> = {}, parts: object = {}) =>
  make.create({
    collection: 'contacts',
    record: id,
    values: { name: id, phone: null, mentorId: 'ada', ...values },
    ...parts,
  });
const rename = (id: string, name: string, base: number, parts: object = {}) =>
  make.update({ collection: 'contacts', record: id, values: { name }, base: v(base), ...parts });
const dose = (id: string, contactId: string, parts: object = {}) =>
  make.create({
    collection: 'doses',
    record: id,
    values: { contactId, drug: 'x', amount: 1, unit: 'mg' },
    ...parts,
  });

const names = (replica: Replica) =>
  Object.fromEntries([...replica.records].map(([key, { values }]) => [key, values['name']]).sort());
const outcomes = ({ receipts }: ExchangeResponse) =>
  receipts.map((each) => (each.outcome === 'refused' ? `refused:${each.reason}` : each.outcome));

describe('one exchange', () => {
  test('[SY1] echoes the nonce, names the epoch and the time, and brings effect and receipt together', async () => {
    const request = requestOf(deviceId(1), { mutations: [contact('c1')], nonce: 'fresh-nonce-000000001' });
    const response = await ask(ada, request);
    expect(response).toMatchObject({
      nonce: 'fresh-nonce-000000001',
      epoch,
      now: clock.now(),
      held: [],
      catchUp: null,
    });
    expect(response.receipts).toHaveLength(1);
    expect(response.pages[0]?.groups[0]?.records).toEqual([['c1', 1, { name: 'c1', phone: null, mentorId: 'ada' }]]);
    expect(response.cursor?.scopes).toEqual(ada.scopes);
  });

  test('[SY1] a quiet exchange is one read', async () => {
    const replica = new Replica(deviceId(1));
    await catchUp(replica, ada);
    calls = [];
    const response = await ask(ada, replica.request());
    expect(calls).toEqual(['read']);
    expect(response).toMatchObject({ pages: [], receipts: [], gone: [], catchUp: null });
  });

  test('[SY7, SV1] a request that is doubled, at once or later, has one effect and one answer', async () => {
    const request = requestOf(deviceId(1), { mutations: [contact('c1'), rename('c1', 'B', 1)] });
    const [first, second] = await Promise.all([ask(ada, request), ask(ada, request)]);
    const third = await ask(ada, request);
    expect(second?.receipts).toEqual(first?.receipts);
    expect(third.receipts).toEqual(first?.receipts);
    expect(third.pages[0]?.groups[0]?.records[0]?.[1]).toBe(1);
  });

  test('[SV1] an acknowledged receipt is sent no more, and its outcome stays', async () => {
    const device = deviceId(1);
    await send(ada, device, contact('c1'));
    const create = contact('c1');
    const [receipt] = (await send(ada, device, create)).receipts.filter(({ id }) => id === create.id);
    expect(receipt).toMatchObject({ outcome: 'refused', reason: 'exists' });
    const ack = { receipts: [create.id], floor: null };
    expect((await ask(ada, requestOf(device, { ack }))).receipts.map(({ id }) => id)).not.toContain(create.id);
    expect((await send(ada, device, create)).receipts.find(({ id }) => id === create.id)).toMatchObject({
      outcome: 'refused',
      reason: 'exists',
    });
  });

  test('[SV1] receipts come again until they are acknowledged, once each', async () => {
    const device = deviceId(1);
    const create = contact('c1');
    await send(ada, device, create);
    const again = await ask(ada, requestOf(device, { mutations: [create] }));
    expect(again.receipts.map(({ id }) => id)).toEqual([create.id]);
    expect((await ask(ada, requestOf(device))).receipts.map(({ id }) => id)).toEqual([create.id]);
  });

  test('[SY15] the cursor of the answer holds the position of its receipts', async () => {
    const response = await send(ada, deviceId(1), contact('c1'));
    const [xmin = '0'] = (response.cursor?.snapshot ?? '').split(':');
    expect(Number(response.receipts[0]?.position)).toBeLessThan(Number(xmin));
  });

  test('[OB1] held ids are named, and taken when what they wait for has come', async () => {
    const parent = contact('c1');
    const child = dose('d1', 'c1', { needs: [parent.id] });
    const first = await send(ada, deviceId(1), child);
    expect(first).toMatchObject({ held: [child.id], receipts: [] });
    expect(outcomes(await send(ada, deviceId(1), parent, child))).toEqual(['applied', 'applied']);
  });
});

describe('who may', () => {
  test('[SV5] a device id belongs to the user it came with first', async () => {
    await send(ada, deviceId(1), contact('c1'));
    const stolen = await exchange(bob, requestOf(deviceId(1), { mutations: [contact('c2', { mentorId: 'bob' })] }));
    expect(stolen).toEqual({ ok: false, error: { code: 'DeviceTaken' } });
    expect(await exchange(bob, requestOf(deviceId(1)))).toMatchObject({ ok: false });
    expect((await store.counts())['contacts']).toBe(1);
  });

  test('[SV5] what a device wants narrows what it may see, and never widens it', async () => {
    await send(both, deviceId(1), contact('c1'), contact('c2', { mentorId: 'bob' }));
    const want = { scopes: ['mentor:ada', 'mentor:bob'] as Scope[], maxBytes: null };
    const replica = new Replica(deviceId(2));
    await catchUp(replica, ada, { want });
    expect(names(replica)).toEqual({ 'contacts/c1': 'c1' });
    expect(replica.cursor?.scopes).toEqual(['mentor:ada']);
  });

  test('[SV5] scopes in a cursor give nothing', async () => {
    await send(both, deviceId(1), contact('c1'), contact('c2', { mentorId: 'bob' }));
    const since = { snapshot: '1:1:' as never, scopes: ['mentor:ada', 'mentor:bob'] as Scope[] };
    const response = await ask(ada, requestOf(deviceId(2), { epoch, cursor: since }));
    expect(JSON.stringify(response.pages)).not.toContain('c2');
    expect(response.gone).toEqual(['mentor:bob']);
    const next = { since, first: { ...since, scopes: [...ada.scopes] }, after: null };
    const forged = await ask(ada, requestOf(deviceId(2), { epoch, cursor: since, catchUp: next }));
    expect(JSON.stringify(forged.pages)).not.toContain('c2');
  });
});

describe('what comes back', () => {
  test('[SY10] who holds a record gets only the fields that changed', async () => {
    const replica = new Replica(deviceId(2));
    await send(ada, deviceId(1), contact('c1'), contact('c2'));
    await catchUp(replica, ada);
    await send(ada, deviceId(1), rename('c1', 'B', 1));
    const response = await ask(ada, replica.request());
    expect(response.pages[0]?.groups).toEqual([
      {
        collection: 'contacts',
        epoch,
        in: ['mentor:ada'],
        out: [],
        whole: false,
        records: [['c1', 2, { name: 'B' }]],
      },
    ]);
    replica.take(response);
    expect(names(replica)).toEqual({ 'contacts/c1': 'B', 'contacts/c2': 'c2' });
  });

  test('[SY12] a record that leaves is taken away, one that comes is sent whole, its children with it', async () => {
    const [ofAda, ofBob] = [new Replica(deviceId(1)), new Replica(deviceId(2))];
    await send(both, deviceId(9), contact('c1'), dose('d1', 'c1'));
    await Promise.all([catchUp(ofAda, ada), catchUp(ofBob, bob)]);
    await send(
      both,
      deviceId(9),
      make.update({ collection: 'contacts', record: 'c1', values: { mentorId: 'bob' }, base: v(1) }),
    );
    await catchUp(ofAda, ada);
    await catchUp(ofBob, bob);
    expect([...ofAda.records.keys()]).toEqual([]);
    expect([...ofBob.records.keys()].sort()).toEqual(['contacts/c1', 'doses/d1']);
    expect(ofBob.records.get('doses/d1')?.values).toMatchObject({ drug: 'x' });
  });

  test('[SY12] a scope gained brings all that is in it, one lost is named', async () => {
    const replica = new Replica(deviceId(1));
    await send(both, deviceId(9), contact('c1'), contact('c2', { mentorId: 'bob' }));
    await catchUp(replica, ada);
    const wider = { ...ada, scopes: [...ada.scopes, 'mentor:bob' as Scope] };
    await catchUp(replica, wider);
    expect(names(replica)).toEqual({ 'contacts/c1': 'c1', 'contacts/c2': 'c2' });
    const narrow = { ...ada, scopes: ['mentor:bob' as Scope] };
    const response = await ask(narrow, replica.request());
    expect(response.gone.sort()).toEqual(['everyone', 'mentor:ada']);
    replica.take(response);
    expect(names(replica)).toEqual({ 'contacts/c2': 'c2' });
  });

  test('[CF9] a record that comes back after a delete is sent whole', async () => {
    const replica = new Replica(deviceId(2));
    await send(ada, deviceId(1), contact('c1', { phone: '1' }));
    await catchUp(replica, ada);
    const remove = make.delete({ collection: 'contacts', record: 'c1', base: v(1) });
    await send(ada, deviceId(3), remove, rename('c1', 'Kept', 1));
    const response = await ask(ada, replica.request());
    expect(response.pages[0]?.groups[0]).toMatchObject({ whole: true, records: [['c1', 3, { phone: '1' }]] });
  });

  test('[SY11] in another epoch everything is read again', async () => {
    const replica = new Replica(deviceId(1));
    await send(ada, deviceId(9), contact('c1'));
    await catchUp(replica, ada);
    const other = mintEpoch(1_600_000_000_000, new Uint8Array(4), null);
    const response = await ask(ada, { ...replica.request(), epoch: other });
    expect(response.pages[0]?.groups[0]).toMatchObject({ whole: true, records: [['c1', 1, {}]] });
  });

  test('[CF10] each page carries the highest stamp in it', async () => {
    const [first, second] = [contact('c1'), contact('c2')];
    await send(ada, deviceId(1), second, first);
    const response = await ask(ada, requestOf(deviceId(2)));
    expect(response.pages[0]?.stamp).toBe(second.set[0]?.stamp);
  });
});

describe('a catch-up of several pages', () => {
  const small = { want: { scopes: null, maxBytes: 1_024 } };

  test('[SY9] goes on page by page, higher priority first, and ends in a round of one page', async () => {
    await send(
      ada,
      deviceId(9),
      ...many(60),
      make.create({ collection: 'rules', record: 'r1', values: { text: 'a' } }),
    );
    const replica = new Replica(deviceId(1));
    const rounds = await catchUp(replica, ada, small);
    expect(rounds).toBeGreaterThan(3);
    expect(replica.records.size).toBe(61);
    const order = (await ask(ada, requestOf(deviceId(2)))).pages[0]?.groups.map(({ collection }) => collection);
    expect(order).toEqual(['contacts', 'rules']);
  });

  test('[SY8] what changes meanwhile is brought by the next round; nothing is seen before', async () => {
    await send(ada, deviceId(9), ...many(60));
    const replica = new Replica(deviceId(1));
    replica.take(await ask(ada, replica.request(small)));
    await send(
      ada,
      deviceId(9),
      rename('c0', 'New', 1),
      make.delete({ collection: 'contacts', record: 'c1', base: v(1) }),
    );
    expect(replica.records.size).toBe(0);
    await catchUp(replica, ada, small);
    expect(replica.records.size).toBe(59);
    expect(replica.records.get('contacts/c0')?.values['name']).toBe('New');
  });

  test('[SY9] each answer moves on, however little fits', async () => {
    await send(
      ada,
      deviceId(9),
      contact('c1', { name: 'x'.repeat(5_000) }),
      contact('c2', { name: 'y'.repeat(5_000) }),
    );
    const replica = new Replica(deviceId(1));
    await catchUp(replica, ada, small);
    expect(replica.records.size).toBe(2);
  });

  test('[SY12, SV5] begins again when the scopes change while it runs; what was staged is of no use', async () => {
    await send(both, deviceId(9), ...many(60), contact('z1', { mentorId: 'bob' }));
    const replica = new Replica(deviceId(1));
    replica.take(await ask(both, { ...replica.request(small) }));
    const narrow = { ...both, scopes: ['mentor:bob' as Scope] };
    const again = await ask(narrow, replica.request(small));
    expect(again).toMatchObject({ pages: [], cursor: null, catchUp: null });
    replica.take(again);
    await catchUp(replica, narrow, small);
    expect(names(replica)).toEqual({ 'contacts/z1': 'z1' });
  });

  test('[SY7] every answer can be lost on the way, and asked for again', async () => {
    await send(ada, deviceId(9), ...many(40));
    const replica = new Replica(deviceId(1));
    for (let round = 0; ; round += 1) {
      await ask(ada, replica.request(small));
      if (replica.take(await ask(ada, replica.request(small)))) break;
      expect(round).toBeLessThan(100);
    }
    expect(replica.records.size).toBe(40);
  });

  function many(count: number): Mutation[] {
    return Array.from({ length: count }, (_, i) => contact(`c${i}`));
  }
});

describe('transactions that overlap', () => {
  test('[SV2, SY8] what an old transaction commits later is read later, and nothing is skipped', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let slow: Promise<ExchangeResponse> | null = null;
    await new Promise<void>((reached) => {
      pause = () => {
        pause = null;
        reached();
        return gate;
      };
      slow = send(ada, deviceId(1), contact('c1'));
    });
    const replica = new Replica(deviceId(2));
    await send(ada, deviceId(3), contact('c2'));
    await catchUp(replica, ada);
    expect(names(replica)).toEqual({ 'contacts/c2': 'c2' });
    open();
    await slow;
    await catchUp(replica, ada);
    expect(names(replica)).toEqual({ 'contacts/c1': 'c1', 'contacts/c2': 'c2' });
  });
});

describe('what the database refuses', () => {
  test('[WR4, SV9] only the transaction that it is about is refused, for ever, with what the database said', async () => {
    const transaction = make.uuid<never>();
    const good = contact('c1');
    const bad = [contact('c2', { phone: 'refused' }, { transaction }), contact('c3', {}, { transaction })];
    const after = rename('c1', 'B', 0, { after: [good.id], base: VERSION_NONE });
    const child = dose('d1', 'c2', { needs: [bad[0]?.id as MutationId] });
    const response = await send(ada, deviceId(1), child, good, ...bad, after);
    expect(outcomes(response)).toEqual(['applied', 'refused:invalid', 'refused:invalid', 'applied']);
    expect(response.receipts[1]).toMatchObject({ detail: 'contacts_phone_check' });
    expect(response.held).toEqual([child.id]);
    expect(await store.counts()).toEqual({ contacts: 1, doses: 0, rules: 0 });
    expect(outcomes(await send(ada, deviceId(1), ...bad))).toContain('refused:invalid');
    expect(response.pages[0]?.groups[0]?.records[0]).toEqual(['c1', 2, { name: 'B', phone: null, mentorId: 'ada' }]);
  });
});

describe('requests that are refused as a whole', () => {
  const bad: [string, string, Partial<ExchangeRequest>][] = [
    ['another protocol', 'UnsupportedProtocol', { protocol: 2 }],
    ['a newer schema', 'UnknownSchema', { schema: 2 }],
    ['a snapshot with its ends crossed', 'MalformedRequest', { cursor: { snapshot: '5:4:' as never, scopes: [] } }],
    ['a snapshot out of order', 'MalformedRequest', { cursor: { snapshot: '1:9:5,3' as never, scopes: [] } }],
    [
      'a row of a scope that was not being read',
      'MalformedRequest',
      {
        catchUp: {
          since: null,
          first: { snapshot: '1:1:' as never, scopes: ['mentor:ada' as Scope] },
          after: [0, 'mentor:bob', 'c1'],
        },
      },
    ],
  ];

  test.each(bad)('[SY13, SV6] %s: %s', async (_, code, parts) => {
    expect(await exchange(ada, requestOf(deviceId(1), { epoch, ...parts }))).toMatchObject({
      ok: false,
      error: { code },
    });
    expect(calls).toEqual([]);
  });

  test('[SY13] a mutation of a newer schema than the server has', async () => {
    const mutations = [contact('c1', {}, { schema: 2 })];
    expect(await exchange(ada, requestOf(deviceId(1), { mutations }))).toMatchObject({
      error: { code: 'UnknownSchema' },
    });
  });

  test('[SV6] a mutation that stands twice, a transaction that is too long', async () => {
    const one = contact('c1');
    const twice = await exchange(ada, requestOf(deviceId(1), { mutations: [one, one] }));
    expect(twice).toMatchObject({ error: { code: 'MalformedRequest' } });
    const transaction = make.uuid<never>();
    const mutations = Array.from({ length: 501 }, (_, i) => contact(`c${i}`, {}, { transaction }));
    const long = await exchange(ada, requestOf(deviceId(1), { mutations }));
    expect(long).toMatchObject({ error: { code: 'RequestTooLarge' } });
  });
});
