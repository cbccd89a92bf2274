import type { StoreFolder } from '../../ports/platform.ts';
import { openBrowserStorageDriver } from './browser-storage-driver.ts';
import { inSmallStore } from './small-store.ts';
import { storeName } from './store-name.ts';

export interface BrowserStorageOptions {
  readonly user: string;
  /** Tells apart the apps of one origin. */
  readonly name?: string;
  /** Where to load SQLite's WebAssembly from, when a bundler does not carry it along. */
  readonly wasmUrl?: string;
}

/** A user's store in the browser: the database in OPFS, its key slots in IndexedDB. */
export function browserStorage({ user, name = 'holdfast', wasmUrl }: BrowserStorageOptions): StoreFolder {
  return {
    async openDatabase(key) {
      const store = await storeName(name, user);
      return openBrowserStorageDriver({ store, key, ...(wasmUrl !== undefined && { wasmUrl }) });
    },
    async readSlots() {
      const store = await storeName(name, user);
      return inSmallStore<string | null>(name, 'slots', 'readonly', (slots, give) => {
        const request = slots.get(store);
        request.onsuccess = () => give(typeof request.result === 'string' ? request.result : null);
      });
    },
    async writeSlots(text) {
      const store = await storeName(name, user);
      return inSmallStore<void>(name, 'slots', 'readwrite', (slots, give) => {
        slots.put(text, store).onsuccess = () => give();
      });
    },
  };
}
