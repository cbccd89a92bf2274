import { collection, type DeviceId, lastWriteWins, type Schema, schema, type UserId } from '@holdfast/core';
import { inProcessServer, testDevice } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { memoryStorage } from '../node.ts';
import type { StorageDriver } from '../ports/storage-driver.ts';
import { verify } from '../rebase/verify.ts';
import { openStore } from './open-store.ts';

const people = (version: number, more: Record<string, z.ZodType> = {}): Schema =>
  schema({
    version,
    collections: {
      people: collection({ name: z.string(), ...more }, { scopes: ['everyone'], conflict: lastWriteWins() }),
    },
  });

const key = { key: new Uint8Array(32), salt: new Uint8Array(16) };
const device = '018f0000-0000-7000-8000-000000000001' as DeviceId;
const open = (driver: StorageDriver, app: Schema, user = 'ada') => openStore(driver, app, user as UserId, () => device);

test('[ST9] an older app on a newer store says so and changes nothing', async () => {
  const driver = await memoryStorage().openDatabase(key);
  await open(driver, people(2));
  await expect(open(driver, people(1))).rejects.toMatchObject({ code: 'StoreNewer' });
  expect(await driver.read((tx) => tx.all('SELECT schema FROM hf_device'))).toEqual([{ schema: 2 }]);
});

test('[ST6] a store opens for the user it was made for, and for nobody else', async () => {
  const driver = await memoryStorage().openDatabase(key);
  await open(driver, people(1));
  await expect(open(driver, people(1), 'ben')).rejects.toMatchObject({ code: 'WrongKey' });
  expect(await open(driver, people(1))).toMatchObject({ device, user: 'ada' });
});

test('[ST9] a field that a newer schema added is read from the server; the outbox survives', async () => {
  const [older, newer] = [people(1), people(2, { phone: z.string().nullable() })];
  const server = inProcessServer(newer);
  await server.store.importRows('people', [{ id: 'p1', values: { name: 'Ada', phone: '1' } }]);
  const before = await testDevice(older, server, { user: 'ada', scopes: ['everyone'] });
  before.link.up = false;
  await before.device.write((tx) => tx.people?.update('p1', { name: 'Ada L.' }));
  const disk = before.disk;
  disk.crash();
  const after = await testDevice(newer, server, { user: 'ada', scopes: ['everyone'], disk });
  await after.sync();
  const rows = await after.device.query((db) => db.selectFrom('people').selectAll());
  expect(rows).toEqual([{ id: 'p1', name: 'Ada L.', phone: '1' }]);
  expect(await after.device.outbox.list()).toEqual([]);
});

test('[SY5] a field that a newer schema added is no difference, before it was read', async () => {
  const [older, newer] = [people(1), people(2, { phone: z.string().nullable() })];
  const server = inProcessServer(newer);
  await server.store.importRows('people', [{ id: 'p1', values: { name: 'Ada', phone: '1' } }]);
  const { device, disk, link } = await testDevice(older, server, { user: 'ada', scopes: ['everyone'] });
  link.up = false;
  await device.write((tx) => tx.people?.update('p1', { name: 'Ada L.' }));
  await testDevice(newer, server, { user: 'ada', scopes: ['everyone'], disk, linkUp: false });
  const driver = await disk.openDatabase(key);
  expect(await driver.read((tx) => verify(tx, newer))).toEqual([]);
});

test('[ST9, SY11] released entries of a store from before they had places get the places they were made at', async () => {
  const [app, server] = [people(1), inProcessServer(people(1))];
  const { device: ada, disk, sync } = await testDevice(app, server, { user: 'ada', scopes: ['everyone'] });
  await ada.write((tx) => tx.people?.create({ id: 'p1', name: 'Ada' }));
  await ada.write((tx) => tx.people?.create({ id: 'p2', name: 'Bea' }));
  await sync();
  const driver = await disk.openDatabase(key);
  const places = await driver.read((tx) => tx.all('SELECT id, seq FROM hf_sent'));
  expect(places.map(({ seq }) => seq).sort()).toEqual([1, 2]);
  await driver.write(async (tx) => {
    await tx.run('DROP INDEX hf_sent_seq');
    await tx.run('ALTER TABLE hf_sent DROP COLUMN seq');
    await tx.run(`UPDATE hf_device SET layout = 'older'`);
  });
  await open(driver, app);
  expect(await driver.read((tx) => tx.all('SELECT id, seq FROM hf_sent'))).toEqual(places);
});
