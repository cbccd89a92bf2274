import { collection, type Epoch, inherit, type MutationId, ref, type Scope, schema, type UserId } from '@holdfast/core';
import { type InProcessServer, inProcessServer, testDevice } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { memoryStorageDriver } from '../platform/node/node-storage-driver.ts';
import type { StorageDriver } from '../ports/storage-driver.ts';
import { openStore } from '../store/open-store.ts';
import { Diverged } from './diverged.ts';
import { withOwnValues } from './own-values.ts';

const app = schema({
  version: 1,
  collections: {
    people: collection({ name: z.string(), phone: z.string().nullable() }, { scopes: ['everyone'] }),
    visits: collection({ personId: ref('people'), minutes: z.int() }, { scopes: [inherit('personId')] }),
  },
});

const id = (text: string) => text as MutationId;
const applied = (mutation: string) => ({ outcome: 'applied', id: id(mutation), position: '5' as never }) as const;

describe('an answer without the values that the device has', () => {
  let storage: StorageDriver;
  beforeEach(async () => {
    storage = memoryStorageDriver();
    await openStore(storage, app, 'ada' as UserId, () => 'd1' as never);
    await storage.write(async (tx) => {
      for (const [mutation, name] of [
        ['m1', 'refused'],
        ['m2', 'taken'],
      ]) {
        await tx.run(
          `INSERT INTO hf_outbox (seq, id, txn, user, kind, collection, record, schema, previous, needs, body, stamp, priority,
             made_at, sent, tries, state) VALUES (?, ?, 't', 'ada', 'create', 'people', 'p1', 1, NULL, '', ?, '', 5, 0, 1, 0, '{}')`,
          [Number(mutation?.slice(1)), mutation ?? '', JSON.stringify({ set: [{ values: { name, phone: null } }] })],
        );
      }
    });
  });

  const group = {
    ...{ collection: 'people', epoch: '0000000010000' as Epoch, in: ['everyone' as Scope], out: [] },
    ...{ whole: true, aged: false },
  };
  const page = (record: string) => ({
    groups: [{ ...group, own: true as const, records: [[record, 3, {}] as never] }],
    stamp: null,
  });

  test('[SY10] it gets them from the create that was applied', async () => {
    const answer = { pages: [page('p1')], receipts: [applied('m2')] };
    const [filled] = await storage.read((tx) => withOwnValues(tx, answer, [id('m1'), id('m2')]));
    expect(filled).toEqual({
      groups: [{ ...group, records: [['p1', 3, { name: 'taken', phone: null }]] }],
      stamp: null,
    });
  });

  test.each([
    ['no such record was created here', { pages: [page('p2')], receipts: [applied('m2')] }, ['m1', 'm2']],
    ['its create was not sent with this request', { pages: [page('p1')], receipts: [applied('m2')] }, ['m1']],
    ['its create was not applied', { pages: [page('p1')], receipts: [] }, ['m1', 'm2']],
  ])('[SY10] where %s, it does not fit', async (_, answer, sent) => {
    const filling = storage.read((tx) => withOwnValues(tx, answer, sent.map(id)));
    await expect(filling).rejects.toBeInstanceOf(Diverged);
  });
});

describe('on the whole way', () => {
  let server: InProcessServer;
  beforeEach(() => {
    server = inProcessServer(app);
  });

  test('[SY10, SY5] what was created here, and changed here and elsewhere meanwhile, is whole on every device', async () => {
    const a = await testDevice(app, server, { user: 'a', scopes: ['everyone'] });
    const b = await testDevice(app, server, { user: 'b', scopes: ['everyone'] });
    await a.device.write((tx) => {
      tx.people.create({ id: 'p1', name: 'Ada' });
      tx.visits.create({ id: 'v1', personId: 'p1', minutes: 5 });
    });
    await a.sync();
    await b.sync();
    await b.device.write((tx) => tx.people.update('p1', { phone: '1' }));
    await a.device.write((tx) => tx.people.create({ id: 'p2', name: 'Bo', phone: '2' }));
    await a.device.write((tx) => tx.people.update('p1', { name: 'Ada B.' }));
    await b.sync();
    await a.sync();
    await b.sync();
    const expected = [
      { id: 'p1', name: 'Ada B.', phone: '1' },
      { id: 'p2', name: 'Bo', phone: '2' },
    ];
    for (const { device } of [a, b]) {
      expect(await device.query((db) => db.selectFrom('people').selectAll().orderBy('id'))).toEqual(expected);
      expect(await device.verify()).toEqual([]);
    }
  });
});
