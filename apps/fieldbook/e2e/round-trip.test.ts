import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CuttableProxy, cuttableProxy } from '@holdfast/testkit/browser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from './lib/eventually.ts';
import { type FieldbookServer, importedData, removeData, startServer } from './lib/fieldbook-server.ts';
import { type NodeDevice, startDevice } from './lib/node-device.ts';

let data: string;
let stores: string;
let server: FieldbookServer;
let link: CuttableProxy;

beforeAll(async () => {
  stores = await mkdtemp(join(tmpdir(), 'holdfast-stores-'));
  data = await importedData();
  server = await startServer(data);
  link = await cuttableProxy({ port: server.port });
});

afterAll(async () => {
  await link?.close();
  await server?.stop();
  if (data) await removeData(data);
  if (stores) await rm(stores, { recursive: true, force: true });
});

const MENTOR = 'mentor-01';

async function open(name: string, user: string): Promise<NodeDevice> {
  const url = `http://127.0.0.1:${name === 'a' ? link.port : server.port}`;
  return startDevice({ folder: join(stores, name), user, url, token: await server.token(user) });
}

test('[WR1, WR8, OB2, OB8, SY3, SY7] work done offline survives a kill, comes home once and reaches another device', async () => {
  const [a, b] = [await open('a', MENTOR), await open('b', 'coordinator')];
  expect((await a.sync()).ready).toBe(true);
  expect((await b.sync()).ready).toBe(true);
  const before = await a.patients();
  const seenByB = await b.patients();
  expect(seenByB).toHaveLength(127);
  expect(before.length).toBeGreaterThan(2);
  expect(before.length).toBeLessThan(40);
  const third = before[1];
  if (!third) throw new Error('the mentor has patients');

  await link.cut();
  const phone = '+47 555 01 234';
  const { patient, encounter } = await a.work(third.id, phone);
  expect((await a.sync()).link).toBe('down');
  // A try that meets no server gives them back.
  const entries = await eventually('three entries are pending', async () => {
    const all = await a.outbox();
    return all.every(({ state }) => state.at === 'pending') && all;
  });
  expect(entries.map(({ collection }) => collection)).toEqual(['patients', 'encounters', 'patients']);
  await a.kill();

  const reopened = await open('a', MENTOR);
  const shown = await reopened.patients();
  expect(shown.find(({ id }) => id === patient)?.name).toBe('Ada Lovelace');
  expect(shown.find(({ id }) => id === third.id)?.phone).toBe(phone);
  expect((await reopened.encounters()).find(({ id }) => id === encounter)?.patientId).toBe(patient);
  expect((await reopened.outbox()).map(({ id }) => id)).toEqual(entries.map(({ id }) => id));

  await link.heal();
  // Nobody asks: B hears of it.
  const arrived = await eventually('B sees the new patient', async () => {
    await reopened.sync();
    const patients = await b.patients();
    return patients.some(({ id }) => id === patient) && patients;
  });
  expect(arrived).toHaveLength(128);
  expect(arrived.find(({ id }) => id === third.id)?.phone).toBe(phone);
  expect((await b.encounters()).filter(({ patientId }) => patientId === patient)).toEqual([
    { id: encounter, patientId: patient, reason: 'first visit' },
  ]);
  await eventually('the outbox of A is empty', async () => (await reopened.outbox()).length === 0);
  expect(await reopened.patients()).toHaveLength(before.length + 1);
  await reopened.close();
  await b.close();
}, 240_000);
