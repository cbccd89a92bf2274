import { type DeviceId, mintEpoch, type Schema, type Scope, type UserId } from '@holdfast/core';
import { clinic, MutationMaker, requestOf } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { createExchange } from '../exchange/create-exchange.ts';
import type { FeedRequest } from '../store/server-store.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';

const epoch = mintEpoch(1_700_000_000_000, new Uint8Array(4), null);
const scopes = ['everyone', 'mentor:m1', 'mentor:m2'] as Scope[];

async function read(store: MemoryStore, since: FeedRequest['since']) {
  const device = '00000000-0000-7000-8000-000000000001' as DeviceId;
  const collections = [...clinic.collections.keys()];
  const { snapshot, rows } = await store.read({ device, scopes, since, collections, after: null, limit: 100 });
  return {
    cursor: { snapshot, scopes },
    rows: rows.map(({ scope, id, present, values }) => [scope, id, present, values]),
  };
}

const contact = (id: string, mentorId: string) => ({ id, values: { name: id, phone: null, mentorId } });
const dose = (id: string, contactId: string) => ({ id, values: { contactId, drug: 'x', amount: 1, unit: 'mg' } });

test('[SV7] a store that starts again from a backup reads as if it had never ended', async () => {
  const store = memoryStore({ schema: clinic, epoch });
  await store.importRows('contacts', [contact('a', 'm1'), contact('b', 'm2')]);
  await store.importRows('doses', [dose('d', 'a')]);
  const { cursor } = await read(store, null);
  await store.importRows('contacts', [contact('a', 'm2')]);
  await store.importRows('rules', [{ id: 'r', values: { text: 'one' } }]);
  const again = memoryStore({ schema: clinic, epoch, backup: store.backup() });
  for (const since of [null, cursor]) expect(await read(again, since)).toEqual(await read(store, since));
  // What comes after it is a change of its own there, and moves what inherits.
  await again.importRows('contacts', [contact('a', 'm1')]);
  expect((await read(again, cursor)).rows).toHaveLength(5);
  expect((await read(store, cursor)).rows).toHaveLength(5);
  expect((await read(store, null)).rows).toEqual(expect.arrayContaining([['mentor:m2', 'd', true, expect.anything()]]));
});

test('[SV9, CF4] what waits in the bay, and who lost what, outlives the server', async () => {
  const store = memoryStore({ schema: clinic, epoch });
  const device = '00000000-0000-7000-8000-000000000001' as DeviceId;
  const exchange = createExchange({ store, schema: clinic, clock: { now: () => 1_700_000_000_000 } });
  const principal = { user: 'ada' as UserId, role: null, scopes: scopes.slice(1, 2) };
  const refused = new MutationMaker().create({
    collection: 'contacts',
    record: 'a',
    values: { name: 'A', phone: null, mentorId: 'm2' },
  });
  const answered = await exchange(principal, requestOf(device, { mutations: [refused] }));
  expect(answered.ok && answered.value.receipts[0]?.outcome).toBe('refused');
  const all = { user: null, open: true, before: null, limit: 10 };
  const before = await store.readBay(all);
  expect(before.entries).toHaveLength(1);
  const again = memoryStore({ schema: clinic, epoch, backup: store.backup() });
  expect(await again.readBay(all)).toEqual(before);
  expect(await again.findInBay(refused.id)).toEqual(before.entries[0]);
});

test('a field that the schema has gained since the backup is there, and empty', async () => {
  const store = memoryStore({ schema: older(), epoch });
  await store.importRows('rules', [{ id: 'r', values: {} }]);
  const again = memoryStore({ schema: clinic, epoch, backup: store.backup() });
  expect((await read(again, null)).rows).toEqual([['everyone', 'r', true, { text: null }]]);
});

function older(): Schema {
  const rules = clinic.collections.get('rules');
  if (rules === undefined) throw new Error('the clinic has rules');
  return {
    ...clinic,
    collections: new Map(clinic.collections).set('rules', { ...rules, columns: [], column: new Map() }),
  };
}
