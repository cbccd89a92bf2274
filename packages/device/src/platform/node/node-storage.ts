import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StoreFolder } from '../../ports/platform.ts';
import { isErrno, toFileError } from './file-error.ts';
import { openNodeStorageDriver } from './node-storage-driver.ts';
import { type NodeStoreOptions, nodeStoreFolder } from './node-store-folder.ts';
import { syncFolder, writeFileDurably } from './write-file-durably.ts';

/** A user's store in the file system: a subfolder of mode 0700 with files of mode 0600. */
export function nodeStorage(options: NodeStoreOptions): StoreFolder {
  const folder = nodeStoreFolder(options);
  const slots = join(folder, 'slots.json');
  return {
    async openDatabase(key) {
      await makeFolder(folder);
      return openNodeStorageDriver({ file: join(folder, 'store.db'), key });
    },
    async readSlots() {
      try {
        return await readFile(slots, 'utf8');
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return null;
        throw toFileError(error);
      }
    },
    async writeSlots(text) {
      await makeFolder(folder);
      await writeFileDurably(slots, text).catch(rethrow);
    },
  };
}

async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 }).catch(rethrow);
  if (made !== undefined) await syncFolder(dirname(made));
}

function rethrow(error: unknown): never {
  throw toFileError(error);
}
