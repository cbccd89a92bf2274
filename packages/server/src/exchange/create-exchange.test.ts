import type { ExchangeRequest, Scope } from '@holdfast/core';
import { type ExchangeResponse, stampMs, stampOf, WANT_ALL } from '@holdfast/core';
import { Replica, requestOf } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  ada,
  ask,
  bob,
  both,
  calls,
  catchUp,
  clock,
  contact,
  deviceId,
  dose,
  epoch,
  exchange,
  forgetCalls,
  make,
  names,
  outcomes,
  rename,
  resetExchange,
  send,
  store,
} from '../../test/exchange-world.ts';

beforeEach(resetExchange);

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
    forgetCalls();
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

describe('what comes back', () => {
  const spared = { want: { ...WANT_ALL, echo: false } } as const;
  const records = ({ pages }: ExchangeResponse) =>
    pages.flatMap(({ groups }) =>
      groups.flatMap((group) => group.records.map(([id, , values]) => [id, group.own, values])),
    );

  test('[SY10] what a request creates comes back without its values, to who asks for that', async () => {
    const create = contact('c1');
    const [first] = records(await ask(ada, requestOf(deviceId(1), { mutations: [create], ...spared })));
    expect(first).toEqual(['c1', true, {}]);
    // Sent a second time, it is the same; who does not ask gets all of it.
    expect(records(await ask(ada, requestOf(deviceId(1), { mutations: [create], ...spared })))).toEqual([first]);
    const [whole] = records(await ask(ada, requestOf(deviceId(1), { mutations: [create] })));
    expect(whole).toEqual(['c1', undefined, expect.objectContaining({ name: 'c1' })]);
  });

  test('[SY10] what others have changed since comes with its values', async () => {
    const create = contact('c1');
    await ask(ada, requestOf(deviceId(1), { mutations: [create] }));
    await send(ada, deviceId(2), rename('c1', 'other', 1));
    const [again] = records(await ask(ada, requestOf(deviceId(1), { mutations: [create], ...spared })));
    expect(again).toEqual(['c1', undefined, expect.objectContaining({ name: 'other' })]);
  });

  test('[SY10] a create that was refused says nothing of the record that is there', async () => {
    await send(ada, deviceId(2), contact('c1'));
    const [there] = records(await ask(ada, requestOf(deviceId(1), { mutations: [contact('c1')], ...spared })));
    expect(there).toEqual(['c1', undefined, expect.objectContaining({ name: 'c1' })]);
  });
});

describe('who may', () => {
  test('[CF10] a stamp from years ahead is clamped on arrival: what is written a minute later wins', async () => {
    await send(ada, deviceId(1), contact('c1'));
    const wild = stampOf(clock.now() + 10 * 365 * 86_400_000, 0);
    const ahead = await send(ada, deviceId(1), rename('c1', 'wild', 1, { stamp: wild }));
    expect(stampMs(ahead.pages.at(-1)?.stamp ?? wild)).toBeLessThanOrEqual(clock.now() + 60_000);
    const later = stampOf(clock.now() + 61_000, 0);
    expect(outcomes(await send(ada, deviceId(2), rename('c1', 'later', 1, { stamp: later })))).toEqual(['applied']);
  });

  test('[SV5] a device id belongs to the user it came with first', async () => {
    await send(ada, deviceId(1), contact('c1'));
    const stolen = await exchange(bob, requestOf(deviceId(1), { mutations: [contact('c2', { mentorId: 'bob' })] }));
    expect(stolen).toEqual({ ok: false, error: { code: 'DeviceTaken' } });
    expect(await exchange(bob, requestOf(deviceId(1)))).toMatchObject({ ok: false });
    expect((await store.counts())['contacts']).toBe(1);
  });

  test('[SV5] what a device wants narrows what it may see, and never widens it', async () => {
    await send(both, deviceId(1), contact('c1'), contact('c2', { mentorId: 'bob' }));
    const want = { ...WANT_ALL, scopes: ['mentor:ada', 'mentor:bob'] as Scope[] };
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
    const next = { since, first: { ...since, scopes: [...ada.scopes] }, after: null, part: null, told: null };
    const forged = await ask(ada, requestOf(deviceId(2), { epoch, cursor: since, catchUp: next }));
    expect(JSON.stringify(forged.pages)).not.toContain('c2');
  });
});

describe('requests that are refused as a whole', () => {
  const bad: [string, string, Partial<ExchangeRequest>][] = [
    ['another protocol', 'UnsupportedProtocol', { protocol: 9999 }],
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
          after: ['contacts', 'mentor:bob', 'c1'],
          part: null,
          told: null,
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
