import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StorageDriverHarness, storageDriverContract } from '@holdfast/testkit';
import { afterAll, expect, test } from 'vitest';
import { memoryStorage } from './memory-storage.ts';
import { memoryStorageDriver, openNodeStorageDriver } from './node-storage-driver.ts';

const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-driver-'));
  folders.push(folder);
  return folder;
}

const node: StorageDriverHarness = {
  encrypted: true,
  contended: true,
  async fresh() {
    const folder = await freshFolder();
    return {
      open: (options) => openNodeStorageDriver({ file: join(folder, 'store.db'), ...options }),
      async files() {
        const names = await readdir(folder);
        return new Map(
          await Promise.all(names.map(async (name) => [name, await bytesOf(join(folder, name))] as const)),
        );
      },
      overwrite: (name, content) => writeFile(join(folder, name), content),
    };
  },
};

const memory: StorageDriverHarness = {
  encrypted: false,
  contended: false,
  async fresh() {
    const storage = memoryStorage();
    return {
      open: ({ key }) => storage.openDatabase(key),
      files: async () => new Map(),
      overwrite: async () => {},
    };
  },
};

storageDriverContract('node', node);
storageDriverContract('memory', memory);

const KEY = { key: new Uint8Array(32).fill(1), salt: new Uint8Array(16).fill(2) };

test('[ST1] the files of a store are for their owner alone', async () => {
  const folder = await freshFolder();
  const driver = await openNodeStorageDriver({ file: join(folder, 'store.db'), key: KEY });
  await driver.write((tx) => tx.run('CREATE TABLE note (id)'));
  const names = await readdir(folder);
  expect(names).toContain('store.db-wal');
  for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  await driver.close();
});

test('[ST2] a wrong key leaves alone what a killed process had not yet carried over from its journal', async () => {
  const [folder, copy] = [await freshFolder(), await freshFolder()];
  const driver = await openNodeStorageDriver({ file: join(folder, 'store.db'), key: KEY });
  await driver.write((tx) => tx.run('CREATE TABLE note (id)'));
  await driver.write((tx) => tx.runMany('INSERT INTO note VALUES (?)', [[1], [2]]));
  for (const name of await readdir(folder)) await writeFile(join(copy, name), await bytesOf(join(folder, name)));
  await driver.close();
  const wal = await bytesOf(join(copy, 'store.db-wal'));
  const wrong = openNodeStorageDriver({ file: join(copy, 'store.db'), key: { ...KEY, key: new Uint8Array(32) } });
  await expect(wrong).rejects.toMatchObject({ code: 'WrongKey' });
  expect(await bytesOf(join(copy, 'store.db-wal'))).toEqual(wal);
  const again = await openNodeStorageDriver({ file: join(copy, 'store.db'), key: KEY });
  expect(await again.read((tx) => tx.all('SELECT id FROM note'))).toEqual([{ id: 1 }, { id: 2 }]);
  await again.close();
});

test('[ST10] a place that cannot be opened is told as such', async () => {
  const file = join(await freshFolder(), 'missing', 'store.db');
  await expect(openNodeStorageDriver({ file, key: KEY })).rejects.toMatchObject({ code: 'DataFolderReadOnly' });
});

test('[WR1] a store in memory of its own is gone with its driver', async () => {
  const driver = memoryStorageDriver();
  await driver.write((tx) => tx.run('CREATE TABLE note (id)'));
  await driver.close();
  const other = memoryStorageDriver();
  expect(await other.read((tx) => tx.all('SELECT name FROM sqlite_master'))).toEqual([]);
  await other.close();
});

test('[WR1] a simulated kill undoes the write under way, keeps what was committed and ends the old drivers', async () => {
  const storage = memoryStorage();
  const old = await storage.openDatabase(KEY);
  await old.write((tx) => tx.run('CREATE TABLE note (id)'));
  await old.write((tx) => tx.run('INSERT INTO note VALUES (1)'));
  let goOn = () => {};
  const cut = old.write(async (tx) => {
    await tx.run('INSERT INTO note VALUES (2)');
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await tx.run('INSERT INTO note VALUES (3)');
  });
  const queued = old.write((tx) => tx.run('INSERT INTO note VALUES (4)'));
  await new Promise((resolve) => setImmediate(resolve));
  storage.crash();
  const reborn = await storage.openDatabase(KEY);
  await reborn.write((tx) => tx.run('INSERT INTO note VALUES (5)'));
  goOn();
  await expect(cut).rejects.toMatchObject({ code: 'StoreClosed' });
  await expect(queued).rejects.toMatchObject({ code: 'StoreClosed' });
  expect(await reborn.read((tx) => tx.all('SELECT id FROM note'))).toEqual([{ id: 1 }, { id: 5 }]);
});

async function bytesOf(file: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(file));
}
