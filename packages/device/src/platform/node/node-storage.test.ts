import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unlockContract } from '@holdfast/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { openKeys } from '../../keys/open-keys.ts';
import { nodeDeviceKey } from './node-device-key.ts';
import { nodePlatform } from './node-platform.ts';
import { nodeStorage } from './node-storage.ts';
import { nodeStoreFolder } from './node-store-folder.ts';

const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-storage-'));
  folders.push(folder);
  return folder;
}

const quiet = () => {};

async function unlockAt(folder: string, name: string) {
  return nodeDeviceKey({ folder: join(folder, name), warn: quiet });
}

const unlockFolder = freshFolder();
unlockContract('node device key', { open: async (name) => unlockAt(await unlockFolder, name) });

describe('nodeStorage', () => {
  test('[ST6] every user has a folder of their own, whose name does not tell who it is', async () => {
    const folder = await freshFolder();
    for (const user of ['ada', '../ada', 'Ada']) await nodeStorage({ folder, user }).writeSlots(user);
    const names = await readdir(folder);
    expect(names).toHaveLength(3);
    for (const name of names) {
      expect(name).toMatch(/^[0-9a-f]{32}$/);
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o700);
    }
    expect(await nodeStorage({ folder, user: '../ada' }).readSlots()).toBe('../ada');
  });

  test('[ST2] slots are null before there are any, then what was written last, with nothing left over', async () => {
    const options = { folder: await freshFolder(), user: 'ada' };
    const storage = nodeStorage(options);
    expect(await storage.readSlots()).toBeNull();
    await storage.writeSlots('one');
    await storage.writeSlots('two');
    expect(await storage.readSlots()).toBe('two');
    const files = await readdir(nodeStoreFolder(options));
    expect(files).toEqual(['slots.json']);
    expect((await stat(join(nodeStoreFolder(options), 'slots.json'))).mode & 0o777).toBe(0o600);
  });

  test('[ST1] [ST2] keys, store and user belong together', async () => {
    const folder = await freshFolder();
    const open = async (user: string) => {
      const { random, locks } = nodePlatform({ folder, user });
      const storage = nodeStorage({ folder, user });
      const keys = await openKeys({ folder: storage, unlock: await unlockAt(folder, 'key'), user, random, locks });
      return storage.openDatabase(keys.page);
    };
    const ada = await open('ada');
    await ada.write((tx) => tx.run('CREATE TABLE note (id)'));
    await ada.close();
    const bob = await open('bob');
    expect(await bob.read((tx) => tx.all('SELECT name FROM sqlite_master'))).toEqual([]);
    await bob.close();
    const again = await open('ada');
    expect(await again.read((tx) => tx.all('SELECT name FROM sqlite_master'))).toEqual([{ name: 'note' }]);
    await again.close();
  });

  test('[ST2] devices that open a new store at the same time agree on its keys', async () => {
    const options = { folder: await freshFolder(), user: 'ada' };
    const open = async () => {
      const { random, locks } = nodePlatform(options);
      const unlock = await unlockAt(options.folder, 'key');
      return openKeys({ folder: nodeStorage(options), unlock, user: options.user, random, locks });
    };
    const [first, ...others] = await Promise.all([open(), open(), open(), open()]);
    for (const other of others) expect(other).toEqual(first);
  });

  test('[WR7] a folder that cannot be made is told as such', async () => {
    const folder = join(await freshFolder(), 'file');
    await writeFile(folder, '');
    await expect(nodeStorage({ folder, user: 'ada' }).writeSlots('x')).rejects.toMatchObject({
      code: 'DataFolderReadOnly',
    });
  });
});

describe('nodeDeviceKey', () => {
  test('[ST2] the key file holds 32 random bytes for its owner alone, and what that means is said once', async () => {
    const folder = await freshFolder();
    const warnings: string[] = [];
    const unlock = nodeDeviceKey({ folder, warn: (message) => warnings.push(message) });
    const wrapped = await unlock.wrap(new Uint8Array(48), new Uint8Array());
    await unlock.unwrap(wrapped, new Uint8Array());
    const file = join(folder, 'device.key');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(new Set(await readFile(file)).size).toBeGreaterThan(8);
    expect(await readFile(file)).toHaveLength(32);
    expect(warnings).toEqual([expect.stringContaining('Whoever has this disk has the key')]);
  });
});
