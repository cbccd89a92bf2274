import { type ExchangeRequest, must, type Scope, stampMs, WANT_ALL } from '@holdfast/core';
import { Replica, requestOf } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  ada,
  ask,
  bob,
  both,
  catchUp,
  clock,
  contact,
  deviceId,
  dose,
  heldOpen,
  make,
  names,
  outcomes,
  rename,
  resetExchange,
  send,
  store,
  v,
} from '../../test/exchange-world.ts';

beforeEach(resetExchange);

const want = (parts: Partial<ExchangeRequest['want']>) => ({ want: { ...WANT_ALL, ...parts } });
const key = (collection: string, record: string) => ({ collection, record: record as never });
const many = (count: number) => Array.from({ length: count }, (_, i) => contact(`c${i}`, { name: 'x'.repeat(50) }));
const remove = (id: string, base: number) => make.delete({ collection: 'contacts', record: id, base: v(base) });

describe('what a device holds', () => {
  test('[SY14] only the collections it wants; a page of one that it does not want any more begins anew', async () => {
    await send(ada, deviceId(9), ...many(60), dose('d1', 'c1'));
    const replica = new Replica(deviceId(1));
    await catchUp(replica, ada, want({ collections: ['doses', 'unknown'] }));
    expect([...replica.records.keys()]).toEqual(['doses/d1']);
    replica.forget();
    replica.take(await ask(ada, replica.request(want({ maxBytes: 1_024 }))));
    expect(replica.catchUp?.after?.[0]).toBe('contacts');
    const again = await ask(ada, replica.request(want({ collections: ['doses'] })));
    expect(again).toMatchObject({ cursor: null, catchUp: null, pages: [] });
  });

  test('[SY14] what is older than the window comes as its version; each record tells its age', async () => {
    const old = contact('c1');
    const young = contact('c2');
    await send(ada, deviceId(9), old, young);
    const stamp = must(young.set[0], 'the change').stamp;
    const youngerThanMs = clock.now() - stampMs(stamp);
    const { pages } = await ask(ada, requestOf(deviceId(1), want({ youngerThanMs })));
    expect(pages[0]?.groups.map(({ whole, aged, records }) => [whole, aged, records])).toEqual([
      [false, true, [['c1', 1, {}, must(old.set[0], 'the change').stamp]]],
      [true, false, [['c2', 1, { name: 'c2', phone: null, mentorId: 'ada' }, stamp]]],
    ]);
  });

  test('[SY14, SV5] a record by its id: also what the selection leaves out; the absent and the forbidden are alike', async () => {
    await send(both, deviceId(9), contact('c1'), contact('c2', { mentorId: 'bob' }));
    const records = [key('contacts', 'c1'), key('contacts', 'c2'), key('contacts', 'none'), key('nothing', 'c1')];
    const { fetched } = await ask(ada, requestOf(deviceId(1), want({ scopes: [], records })));
    expect(fetched[0]).toMatchObject({ record: 'c1', found: { version: v(1), values: { name: 'c1' } } });
    expect(fetched.slice(1).map(({ found }) => found)).toEqual([null, null, null]);
  });

  test('[SY16] checksums come with the checkpoint, of every scope that was read', async () => {
    await send(ada, deviceId(9), ...many(40));
    const replica = new Replica(deviceId(1));
    await catchUp(replica, ada, want({ checksums: true, maxBytes: 1_024 }));
    expect(replica.compared).toBe(2);
    expect((await ask(ada, replica.request())).checksums).toBeNull();
    replica.records.delete('contacts/c3');
    const checked = await ask(ada, replica.request(want({ checksums: true })));
    expect(() => replica.take(checked)).toThrow(/the checksum of mentor:ada/);
  });
});

describe('before the first checkpoint', () => {
  const small = want({ maxBytes: 1_024 });

  test('[SY8, SY9] a collection that came in several pages is whole with what changed in it meanwhile', async () => {
    await send(ada, deviceId(9), ...many(30), dose('d1', 'c1'), dose('d2', 'c1'));
    const replica = new Replica(deviceId(1));
    replica.take(await ask(ada, replica.request(small)));
    // One transaction: a record that has been read, and one that has not.
    const transaction = make.uuid<never>();
    await send(ada, deviceId(9), rename('c0', 'New', 1, { transaction }), rename('c9', 'New', 1, { transaction }));
    for (let pages = 0; !replica.early.has('contacts'); pages += 1) {
      expect(pages).toBeLessThan(50);
      expect(replica.cursor).toBeNull();
      replica.take(await ask(ada, replica.request(small)));
    }
    const early = must(replica.early.get('contacts'), 'the early collection');
    expect(early.size).toBe(30);
    expect(['c0', 'c9'].map((id) => early.get(`contacts/${id}`)?.values?.['name'])).toEqual(['New', 'New']);
    expect(replica.cursor).toBeNull();
  });

  test('[SY9] what changed too much to be sent beside it is not whole before the checkpoint', async () => {
    await send(ada, deviceId(9), ...many(30));
    const replica = new Replica(deviceId(1));
    replica.take(await ask(ada, replica.request(small)));
    await send(ada, deviceId(9), ...many(30).map(({ record }) => rename(record, 'y'.repeat(200), 1)));
    while (!replica.take(await ask(ada, replica.request(small)))) expect(replica.early.has('contacts')).toBe(false);
    expect(replica.records.size).toBe(30);
  });
});

describe('receipts', () => {
  test('[SV6, SY15] of more than a page all come before the checkpoint, and those of a slow transaction with the next round', async () => {
    const device = deviceId(1);
    const ids = new Set<string>();
    await ask(ada, requestOf(device));
    const slow = await heldOpen(() => ask(ada, requestOf(device, { mutations: [contact('slow')] })));
    for (let n = 0; n < 20; n += 1) {
      const bad = contact(`b${n}`, { mentorId: 'x'.repeat(300) });
      ids.add(bad.id);
      await send(ada, device, bad);
    }
    const replica = new Replica(device);
    const told: string[] = [];
    let pages = 0;
    for (let done = false; !done; pages += 1) {
      const response = await ask(ada, replica.request(want({ maxBytes: 1_024 })));
      expect(Buffer.byteLength(JSON.stringify(response.receipts))).toBeLessThan(2_048);
      told.push(...response.receipts.map(({ id }) => id));
      done = replica.take(response);
      if (pages === 0) {
        slow.release();
        const { receipts } = await slow.result;
        for (const { id } of receipts) ids.add(id);
      }
    }
    expect(pages).toBeGreaterThan(3);
    expect(new Set(told)).toEqual(ids);
  });
});

describe('how far back the history reaches', () => {
  test('[SY11, SV3] a device that is too old reads everything again; one that is not goes on', async () => {
    await send(ada, deviceId(9), contact('c1'), contact('c2'));
    const [old, current] = [new Replica(deviceId(1)), new Replica(deviceId(2))];
    await catchUp(old, ada);
    await send(ada, deviceId(9), remove('c1', 1));
    await catchUp(current, ada);
    // As if it had not been seen for long.
    await store.compact(Number.MAX_SAFE_INTEGER);
    const quiet = await ask(ada, current.request());
    expect([quiet.pages, quiet.horizon]).toEqual([[], expect.any(String)]);
    const response = await ask(ada, old.request());
    expect(response.pages[0]?.groups).toMatchObject([{ whole: true, records: [['c2', 1, {}]] }]);
    expect(old.take(response)).toBe(true);
    expect(names(old)).toEqual({ 'contacts/c2': 'c2' });
  });

  test('[SY11] what a catch-up had staged is of no use once tombstones it has not read are forgotten', async () => {
    await send(ada, deviceId(9), ...many(30));
    const replica = new Replica(deviceId(1));
    await catchUp(replica, ada);
    await send(ada, deviceId(9), ...many(30).map(({ record }) => rename(record, 'y'.repeat(100), 1)));
    replica.take(await ask(ada, replica.request(want({ maxBytes: 1_024 }))));
    expect(replica.catchUp).not.toBeNull();
    await send(ada, deviceId(9), remove('c29', 2));
    await store.compact(Number.MAX_SAFE_INTEGER);
    expect(await ask(ada, replica.request())).toMatchObject({ cursor: null, catchUp: null, pages: [] });
  });

  test('[SV3] a late update of a delete that is forgotten is refused as gone, and changes nothing', async () => {
    await send(ada, deviceId(1), contact('c1'));
    await send(ada, deviceId(1), remove('c1', 1));
    await store.compact(Number.MAX_SAFE_INTEGER);
    expect(outcomes(await send(ada, deviceId(2), rename('c1', 'late', 1)))).toEqual(['refused:gone']);
    expect(outcomes(await send(bob, deviceId(3), rename('none', 'late', 1)))).toEqual(['refused:gone']);
    const { records } = await store.transaction((tx) =>
      tx.load({ device: deviceId(1), ids: [], records: [{ collection: 'contacts', id: 'c1' }], parents: [] }),
    );
    expect(records.get('contacts/c1')?.state).toMatchObject({ version: v(2), deleted: {} });
  });

  test('[SV3] what a device says it still stands on is not forgotten', async () => {
    await send(ada, deviceId(9), contact('c1'));
    const replica = new Replica(deviceId(1));
    await catchUp(replica, ada);
    const other = new Replica(deviceId(9));
    const floor = must(replica.cursor, 'a cursor').snapshot;
    await send(ada, deviceId(9), remove('c1', 1));
    await catchUp(replica, ada);
    await catchUp(other, ada);
    await ask(ada, { ...other.request(), mutations: [contact('c2')] });
    const ack = (snapshot: typeof floor | null) =>
      ask(ada, { ...replica.request(), mutations: [contact(`x${snapshot}`)], ack: { receipts: [], floor: snapshot } });
    await ack(floor);
    expect(await store.compact(0)).toMatchObject({ rows: 0, records: 0 });
    await ack(null);
    expect(await store.compact(0)).toMatchObject({ rows: 1, records: 1 });
  });
});

describe('an epoch that begins while the server runs', () => {
  test('[SY11] the next answer says so, and brings everything', async () => {
    await send(ada, deviceId(9), contact('c1'));
    const replica = new Replica(deviceId(1));
    await catchUp(replica, ada);
    const epoch = await store.newEpoch();
    const response = await ask(ada, replica.request());
    expect(response.epoch).toBe(epoch);
    expect(response.pages[0]?.groups).toMatchObject([{ whole: true, records: [['c1', 1, {}]] }]);
    await send(ada, deviceId(9), contact('c2'));
    replica.take(response);
    await catchUp(replica, ada);
    expect(replica.records.get('contacts/c2')?.version).toBe(`1@${epoch}`);
  });

  test('[SY11, OB1] what a device sends that does not know of it is not decided: earlier work may have to come first', async () => {
    const replica = new Replica(deviceId(1));
    await catchUp(replica, ada);
    const before = replica.request();
    const epoch = await store.newEpoch();
    const mutations = [contact('c1')];
    expect(await ask(ada, { ...before, mutations })).toMatchObject({ epoch, receipts: [], held: [] });
    expect(await ask(ada, { ...before, epoch, cursor: null, mutations })).toMatchObject({
      receipts: [{ id: mutations[0]?.id, outcome: 'applied' }],
    });
  });

  test('[SY11] what the last backup holds is said in every answer', async () => {
    const began = await store.backupBegins();
    expect((await ask(ada, requestOf(deviceId(1)))).durable).toBeNull();
    await store.backupDone();
    expect((await ask(ada, requestOf(deviceId(1), { want: { ...WANT_ALL, scopes: [] as Scope[] } }))).durable).toBe(
      began,
    );
  });
});
