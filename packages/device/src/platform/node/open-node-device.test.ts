import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collection, schema } from '@holdfast/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { nodeDeviceKey, openDevice } from '../../node.ts';

const app = schema({
  version: 1,
  collections: { people: collection({ name: z.string(), note: z.string() }, { scopes: ['everyone'] }) },
});
const MARKER = 'Marker-of-a-person-7c1f';

let folder: string;
let keys: string;

beforeEach(async () => {
  [folder, keys] = [await mkdtemp(join(tmpdir(), 'holdfast-device-')), await mkdtemp(join(tmpdir(), 'holdfast-keys-'))];
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(keys, { recursive: true, force: true });
});

const openAs = (user: string, keyFolder = keys) =>
  openDevice({
    schema: app,
    user: { id: user },
    folder,
    backend: { url: 'http://127.0.0.1:9', token: () => null },
    unlock: nodeDeviceKey({ folder: keyFolder, warn: () => {} }),
  });

async function filesOf(root: string): Promise<string[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function store(): Promise<string> {
  const file = (await filesOf(folder)).find((each) => each.endsWith('store.db'));
  if (!file) throw new Error('there is no store');
  return file;
}

test('[ST1, ST2] what was written is in no file in clear, and the key file is nobody else’s', async () => {
  const device = await openAs('ada');
  await device.write((tx) => tx.people.create({ name: MARKER, note: MARKER.repeat(200) }));
  const looked = async () => {
    for (const file of await filesOf(folder)) expect((await readFile(file)).includes(MARKER), file).toBe(false);
  };
  await looked();
  await device.close();
  await looked();
  expect((await stat(join(keys, 'device.key'))).mode & 0o777).toBe(0o600);
});

test('[ST2] a wrong key says so and leaves the store as it was', async () => {
  const device = await openAs('ada');
  await device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', note: '' }));
  await device.close();
  const before = await readFile(await store());
  const other = await mkdtemp(join(tmpdir(), 'holdfast-keys-'));
  await nodeDeviceKey({ folder: other, warn: () => {} }).wrap(new Uint8Array(48), new Uint8Array());
  await expect(openAs('ada', other)).rejects.toMatchObject({ code: 'WrongKey' });
  expect((await readFile(await store())).equals(before)).toBe(true);
  const again = await openAs('ada');
  expect(await again.query((db) => db.selectFrom('people').select('name'))).toEqual([{ name: 'Ada' }]);
  await again.close();
  await rm(other, { recursive: true, force: true });
});

test('[ST6] users of one folder see nothing of each other', async () => {
  const ada = await openAs('ada');
  await ada.write((tx) => tx.people.create({ name: 'Of Ada', note: '' }));
  const ben = await openAs('ben');
  expect(await ben.query((db) => db.selectFrom('people').selectAll())).toEqual([]);
  expect(await ben.outbox.list()).toEqual([]);
  await ada.close();
  await ben.close();
});

const PAGE = 4_096;

test.each([
  ['its first page', 0, 1],
  ['every page but the first', 1, Number.POSITIVE_INFINITY],
])('[ST10] a store damaged in %s is reported, and nothing of it is shown', async (_where, from, to) => {
  const device = await openAs('ada');
  for (let number = 0; number < 40; number += 1) {
    await device.write((tx) => tx.people.create({ name: `Person ${number}`, note: 'x'.repeat(900) }));
  }
  await device.close();
  const file = await store();
  const pages = (await stat(file)).size / PAGE;
  const handle = await open(file, 'r+');
  for (let page = from; page < Math.min(to, pages); page += 1)
    await handle.write(Buffer.alloc(8, 7), 0, 8, page * PAGE + 100);
  await handle.close();
  const read = openAs('ada').then((opened) => opened.query((db) => db.selectFrom('people').select('name')));
  await expect(read).rejects.toMatchObject({ code: 'StoreDamaged' });
});
