import { browserDeviceKey, loadOverIdb, loadOverOpfs, openBrowserStorageDriver } from '@holdfast/device/worker';
import type { Case } from '../../../contracts/case.ts';
import { storageDriverCases } from '../../../contracts/storage-driver/storage-driver-cases.ts';
import type { StorageDriverHarness } from '../../../contracts/storage-driver/storage-driver-harness.ts';
import { unlockCases } from '../../../contracts/unlock/unlock-cases.ts';
import { idbFiles, overwriteIdbFile } from './idb-files.ts';
import { opfsCases } from './opfs-cases.ts';
import { opfsFiles, overwriteOpfsFile } from './opfs-files.ts';
import { platformCases } from './platform-cases.ts';
import type { Suite } from './storage-calls.ts';

const opfs: StorageDriverHarness = {
  encrypted: true,
  contended: true,
  async fresh() {
    const store = crypto.randomUUID();
    return {
      open: (options) => openBrowserStorageDriver({ store, load: loadOverOpfs, ...options }),
      files: () => opfsFiles(store),
      overwrite: (name, content) => overwriteOpfsFile(name, content),
    };
  },
};

const idb: StorageDriverHarness = {
  encrypted: true,
  contended: true,
  async fresh() {
    const store = crypto.randomUUID();
    return {
      open: (options) => openBrowserStorageDriver({ store, load: loadOverIdb, ...options }),
      files: () => idbFiles(`holdfast-${store}`),
      overwrite: (name, content) => overwriteIdbFile(`holdfast-${store}`, name, content),
    };
  },
};

/** Everything the storage page's worker can be put through. Listing the cases runs nothing. */
export const browserSuites: Readonly<Record<Suite, readonly Case[]>> = {
  opfs: [...storageDriverCases(opfs), ...opfsCases(opfs)],
  idb: storageDriverCases(idb),
  unlock: unlockCases({ open: async (name) => browserDeviceKey({ name: `unlock ${name}` }) }),
  platform: platformCases(),
};
