import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { DatabaseKey, StorageDriver, Timers } from '@holdfast/device';
import { encrypting, type LoadedSqlite, openBrowserStorageDriver } from '@holdfast/device/worker';
import { Factory } from '@journeyapps/wa-sqlite';
import sqliteModule from '@journeyapps/wa-sqlite/dist/mc-wa-sqlite.mjs';
import type { Chance } from '../sim/chance.ts';
import { createDisk, type Disk, type Image } from './disk.ts';
import { DiskVfs } from './disk-vfs.ts';

const KEY: DatabaseKey = {
  key: Uint8Array.from({ length: 32 }, (_, i) => i),
  salt: Uint8Array.from({ length: 16 }, (_, i) => i),
};

/** SQLite as the browser runs it, page cipher included, over disks that can be stopped at any write. */
export interface DiskStores {
  mount(image: Image): MountedStore;
}

export interface MountedStore {
  readonly disk: Disk;
  /** Opens the store as a browser's worker does. */
  open(timers: Timers): Promise<StorageDriver>;
  unmount(): void;
}

export async function diskStores(chance: Chance): Promise<DiskStores> {
  const wasm = createRequire(import.meta.url).resolve('@journeyapps/wa-sqlite/dist/mc-wa-sqlite.wasm');
  const module = await sqliteModule({ wasmBinary: await readFile(wasm) });
  const sqlite3 = Factory(module);
  const vfs = new DiskVfs('holdfast-disks', module, chance);
  const loaded = encrypting(module, sqlite3, { vfs: vfs as unknown as SQLiteVFS, dispose: () => {} });
  let mounted = 0;
  return {
    mount(image) {
      mounted += 1;
      const name = `d${mounted}`;
      const disk = createDisk(image);
      vfs.disks.set(name, disk);
      const load = async (): Promise<LoadedSqlite> => ({ ...loaded, file: `${name}/store.db` });
      return {
        disk,
        open: (timers) => openBrowserStorageDriver({ store: name, key: KEY, timers, load, takeBreak: async () => {} }),
        unmount: () => vfs.disks.delete(name),
      };
    },
  };
}
