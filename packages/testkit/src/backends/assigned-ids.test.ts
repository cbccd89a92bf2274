import type { Mutation, Position, Receipt, Schema } from '@holdfast/core';
import type { Backend } from '@holdfast/device';
import { expect, test } from 'vitest';
import { createVirtualTime } from '../sim/virtual-time.ts';
import { idsSchema } from './ids-schema.ts';
import { type Fate, restBackend } from './rest-backend.ts';
import { restDevice } from './rest-device.ts';
import { type CreatePromise, restServer } from './rest-server.ts';

const circle = { text: '', friends: [], seats: {}, home: null };
const person = (label: string) => ({ label, note: '', parent: null, circle });

async function world(promise: CreatePromise, wrap: (backend: Backend) => Backend = (backend) => backend) {
  const server = restServer(promise);
  const plan = { fates: [] as Fate[], readsOnly: false };
  const own = await restDevice(idsSchema, 'ada', createVirtualTime(), 7, (kill) =>
    wrap(
      restBackend(idsSchema as Schema, server, promise, {
        fate: () => plan.fates.shift() ?? 'arrives',
        readsOnly: () => plan.readsOnly,
        share: () => 1,
        splits: () => false,
        kill,
      }),
    ),
  );
  const { device, sync } = own;
  await sync();
  const people = () => device().query((db) => db.selectFrom('people').selectAll().orderBy('id'));
  const homes = () => device().query((db) => db.selectFrom('homes').selectAll());
  const make = async (label: string) => {
    let id = '';
    await device().write((tx) => {
      id = tx.people.create(person(label)).id;
    });
    return id;
  };
  /** A create whose answer is lost, and whose record then comes as one of others. */
  const overtaken = async (label: string) => {
    const id = await make(label);
    plan.fates = ['lost-back'];
    await sync();
    plan.readsOnly = true;
    await sync();
    plan.readsOnly = false;
    return id;
  };
  const labels = () => server.changed(0, server.revision()).flatMap(({ body }) => (body === null ? [] : [body.label]));
  return { ...own, server, plan, people, homes, make, overtaken, labels };
}

test('[ID4] a record pulled before its mapping becomes the mapped one, with what was written upon it and to it', async () => {
  const { device, overtaken, people, homes, sync, server, differences, labels } = await world('key');
  const ada = await overtaken('Ada');
  expect((await people()).map(({ id }) => id)).toEqual([ada, '1'].sort());
  await device().write((tx) => tx.people.update('1', { note: 'met on Monday' }));
  await device().write((tx) => tx.homes.create({ label: 'h', note: '1', owner: '1', guests: [['1', '1']] }));
  const seen: string[][] = [];
  const stop = device().live(
    (db) => db.selectFrom('people').select('id'),
    (rows) => seen.push(rows.map(({ id }) => id)),
  );
  await sync();
  stop();
  expect(await people()).toMatchObject([{ id: ada, label: 'Ada', note: 'met on Monday' }]);
  expect(await homes()).toMatchObject([{ note: '1', owner: ada, guests: [[ada, '1']] }]);
  expect(seen.at(-1)).toEqual([ada]);
  expect(labels()).toEqual(['Ada', 'h']);
  expect(server.get('people', '1')?.body).toMatchObject({ note: 'met on Monday' });
  expect(server.get('homes', '1')?.body).toMatchObject({ owner: '1', guests: [['1', '1']] });
  expect(await differences()).toEqual([]);
  // A form that was open upon the record as it was seen first.
  await device().write((tx) => tx.people.update('1', { note: 'and on Friday', parent: '1' }));
  expect(await people()).toMatchObject([{ id: ada, note: 'and on Friday', parent: ada }]);
  await sync();
  expect(server.get('people', '1')?.body).toMatchObject({ note: 'and on Friday', parent: '1' });
});

test('[ID4] a person who saw two and deleted one does not lose both', async () => {
  for (const which of ['the copy', 'the own'] as const) {
    const { device, overtaken, people, sync, labels } = await world('key');
    const ada = await overtaken('Ada');
    await device().write((tx) => tx.people.delete(which === 'the copy' ? '1' : ada));
    await sync();
    expect(await people(), which).toMatchObject([{ id: ada, label: 'Ada' }]);
    expect(await device().outbox.list()).toMatchObject([{ kind: 'delete', record: ada, state: { at: 'refused' } }]);
    expect(labels()).toEqual(['Ada']);
  }
});

test('[ID4] who deleted both of what was shown twice is obeyed', async () => {
  const { device, overtaken, people, sync, labels } = await world('key');
  const ada = await overtaken('Ada');
  await device().write((tx) => tx.people.delete('1'));
  await device().write((tx) => tx.people.delete(ada));
  await sync();
  await sync();
  expect(await people()).toEqual([]);
  expect(labels()).toEqual([]);
});

test('[ID5, OB7] a create that may have arrived waits for a person, is shown, and what needs it waits with it', async () => {
  const { device, make, plan, people, sync, labels } = await world('neither');
  const ada = await make('Ada');
  await device().write((tx) => tx.homes.create({ label: 'h', note: '', owner: null, guests: [[ada, 'x']] }));
  plan.fates = ['lost-back'];
  await sync();
  for (let again = 0; again < 3; again += 1) await sync();
  expect(labels()).toEqual(['Ada']);
  const [create, home] = await device().outbox.list();
  expect(create?.state).toEqual({ at: 'blocked', by: [], reason: 'maybe-sent' });
  expect(home?.state).toEqual({ at: 'blocked', by: [create?.id], reason: 'held' });
  expect((await people()).some(({ id }) => id === ada)).toBe(true);
  expect(device().outbox.records.get().get(`people/${ada}`)).toBe('needs-attention');
});

test('[ID5, OB10, OB11] who was in doubt sends again under a new id, or gives up; both end', async () => {
  for (const decision of ['resend', 'discard'] as const) {
    const { device, make, plan, people, sync, labels, differences } = await world('neither');
    const ada = await make('Ada');
    await device().write((tx) => tx.homes.create({ label: 'h', note: '', owner: null, guests: [[ada, 'x']] }));
    plan.fates = ['lost-there'];
    await sync();
    await sync();
    expect(labels(), decision).toEqual([]);
    const [create] = await device().outbox.list();
    expect(create?.state, decision).toMatchObject({ reason: 'maybe-sent' });
    const id = create?.id ?? '';
    if (decision === 'resend') {
      const again = await device().outbox.resend(id);
      expect(again.mutations).not.toContain(id);
      expect((await people()).map(({ id: shown }) => shown)).toEqual([ada]);
    } else await device().outbox.discard(id, { withDependants: true });
    for (let turn = 0; turn < 4; turn += 1) await sync();
    expect(await device().outbox.list(), decision).toEqual([]);
    expect(labels().sort(), decision).toEqual(decision === 'resend' ? ['Ada', 'h'] : []);
    expect((await people()).map(({ id: shown }) => shown)).toEqual(decision === 'resend' ? [ada] : []);
    expect(await differences()).toEqual([]);
  }
});

test('[ID4] what is typed anew for refused work may name a record by its server id', async () => {
  const refusing = (backend: Backend): Backend => ({
    ...backend,
    async exchange(request, signal, more) {
      const isBad = (mutation: Mutation) => mutation.kind === 'create' && JSON.stringify(mutation.set).includes('bad');
      const mutations = request.mutations.filter((mutation) => !isBad(mutation));
      const result = await backend.exchange({ ...request, mutations }, signal, more);
      if (result.type !== 'answered') return result;
      const refused = request.mutations.filter(isBad).map(({ id }): Receipt => {
        return { outcome: 'refused', id, position: '1' as Position, reason: 'invalid', detail: null };
      });
      const receipts = [...result.response.receipts, ...refused];
      return { ...result, response: { ...result.response, receipts } };
    },
  });
  const { device, make, sync, homes, server } = await world('key', refusing);
  const ada = await make('Ada');
  const bea = await make('Bea');
  await sync();
  await device().write((tx) => tx.homes.create({ label: 'bad', note: '', owner: ada, guests: [] }));
  await sync();
  const [refused] = await device().outbox.list();
  expect(refused?.state.at).toBe('refused');
  const id = refused?.id ?? '';
  await device().outbox.edit(id, { [id]: { label: 'good', owner: '2', guests: [['2', 'y']] } });
  expect(await homes()).toMatchObject([{ label: 'good', owner: bea, guests: [[bea, 'y']] }]);
  await sync();
  await sync();
  expect(server.changed(0, server.revision()).map(({ body }) => body)).toContainEqual(
    expect.objectContaining({ label: 'good', owner: '2' }),
  );
});

test('[ID5] a device that dies while it sends does not send a second time, and no link is no doubt', async () => {
  const { device, make, plan, sync, die, revive, labels } = await world('neither');
  await make('Ada');
  plan.fates = ['no-link'];
  await sync();
  expect(await device().outbox.list()).toMatchObject([{ state: { at: 'pending' } }]);
  plan.fates = ['killed-after'];
  await sync();
  die();
  await revive();
  await sync();
  expect(labels()).toEqual(['Ada']);
  expect(await device().outbox.list()).toMatchObject([{ state: { reason: 'maybe-sent' } }]);
});

test('[OB2, ID2] a command names server ids only, also of records that were made just before it', async () => {
  const { device, make, sync, server } = await world('key');
  await make('Ada');
  const ben = await make('Ben');
  await device().write((tx) => tx.command('greet', { who: ben, at: [], words: ben }));
  await sync();
  expect(server.calls).toEqual([{ name: 'greet', args: { who: '2', at: [], words: ben } }]);
});

test('[ID3] a create whose server record is another one already is refused, and kept', async () => {
  const { device, make, sync, people } = await world('key', (backend) => ({
    ...backend,
    exchange: async (request, signal, call) => {
      const result = await backend.exchange(request, signal, call);
      return { ...result, mappings: (result.mappings ?? []).map((mapping) => ({ ...mapping, server: '1' })) };
    },
  }));
  const ada = await make('Ada');
  await sync();
  await make('Ben');
  await sync();
  expect((await people()).filter(({ id }) => id === ada)).toMatchObject([{ label: 'Ada' }]);
  expect(await device().outbox.list()).toMatchObject([
    { kind: 'create', state: { at: 'refused', receipt: { reason: 'exists' } } },
  ]);
});

test('[ID1, ID2] where the backend gives ids, a record is made under none but a UUID', async () => {
  const { device } = await world('key');
  const write = device().write((tx) => {
    tx.people.create({ ...person('Ada'), id: '17' });
  });
  await expect(write).rejects.toMatchObject({ code: 'InvalidWrite' });
});
