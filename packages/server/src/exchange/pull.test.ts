import { type Mutation, mintEpoch, type Scope, type Snapshot, WANT_ALL } from '@holdfast/core';
import { Replica, requestOf } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  ada,
  ask,
  bob,
  both,
  catchUp,
  contact,
  deviceId,
  dose,
  epoch,
  heldOpen,
  make,
  names,
  rename,
  resetExchange,
  send,
  v,
} from '../../test/exchange-world.ts';

beforeEach(resetExchange);

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
        aged: false,
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
    expect(response.pages[0]?.groups[0]).toMatchObject({
      whole: true,
      aged: false,
      records: [['c1', 3, { phone: '1' }]],
    });
  });

  test('[SY11] in another epoch everything is read again', async () => {
    const replica = new Replica(deviceId(1));
    await send(ada, deviceId(9), contact('c1'));
    await catchUp(replica, ada);
    const other = mintEpoch(1_600_000_000_000, new Uint8Array(4), null);
    const response = await ask(ada, { ...replica.request(), epoch: other });
    expect(response.pages[0]?.groups[0]).toMatchObject({ whole: true, aged: false, records: [['c1', 1, {}]] });
  });

  test('[SY11] who has seen more than has happened here reads everything again', async () => {
    const replica = new Replica(deviceId(2));
    await send(ada, deviceId(1), contact('c1'));
    await catchUp(replica, ada);
    // The database was put back to an earlier day, and its epoch with it.
    replica.cursor = { snapshot: '9000:9000:' as Snapshot, scopes: replica.cursor?.scopes ?? [] };
    const response = await ask(ada, replica.request());
    expect(response.pages[0]?.groups).toMatchObject([{ whole: true, records: [['c1', 1, { name: 'c1' }]] }]);
    expect(response.cursor?.snapshot).not.toContain('9000');
  });

  test('[CF10] each page carries the highest stamp in it', async () => {
    const [first, second] = [contact('c1'), contact('c2')];
    await send(ada, deviceId(1), second, first);
    const response = await ask(ada, requestOf(deviceId(2)));
    expect(response.pages[0]?.stamp).toBe(second.set[0]?.stamp);
  });
});

describe('a catch-up of several pages', () => {
  const small = { want: { ...WANT_ALL, maxBytes: 1_024 } };

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
    expect(replica.records.get('contacts/c0')?.values?.['name']).toBe('New');
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
    const slow = await heldOpen(() => send(ada, deviceId(1), contact('c1')));
    const replica = new Replica(deviceId(2));
    await send(ada, deviceId(3), contact('c2'));
    await catchUp(replica, ada);
    expect(names(replica)).toEqual({ 'contacts/c2': 'c2' });
    slow.release();
    await slow.result;
    await catchUp(replica, ada);
    expect(names(replica)).toEqual({ 'contacts/c1': 'c1', 'contacts/c2': 'c2' });
  });
});

describe('receipts', () => {
  test('[SV5] what others wrote is shown again only while their reader may see the record', async () => {
    await send(both, deviceId(9), contact('c1'), dose('d1', 'c1'));
    const secret = make.update({ collection: 'doses', record: 'd1', values: { drug: 'secret' }, base: v(1) });
    await send(both, deviceId(9), secret);
    const mine = make.update({ collection: 'doses', record: 'd1', values: { drug: 'mine' }, base: v(1) });
    expect(JSON.stringify((await send(ada, deviceId(1), mine)).receipts)).toContain('secret');
    const asked = () => ask(ada, requestOf(deviceId(1)));
    expect(JSON.stringify((await asked()).receipts)).toContain('secret');
    await send(
      both,
      deviceId(9),
      make.update({ collection: 'contacts', record: 'c1', values: { mentorId: 'bob' }, base: v(1) }),
    );
    const { receipts } = await asked();
    expect(receipts).toMatchObject([{ outcome: 'conflict', sides: { mine: { drug: 'mine' }, theirs: {}, by: null } }]);
    // A device that reads only some of what it may see is told all the same.
    await send(
      both,
      deviceId(9),
      make.update({ collection: 'contacts', record: 'c1', values: { mentorId: 'ada' }, base: v(2) }),
    );
    const narrow = await ask(ada, requestOf(deviceId(1), { want: { ...WANT_ALL, scopes: [] } }));
    expect(JSON.stringify(narrow.receipts)).toContain('secret');
  });
});
