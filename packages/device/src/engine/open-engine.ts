import { HoldfastError, hasCode, type UserId } from '@holdfast/core';
import { openKeys } from '../keys/open-keys.ts';
import type { StoreFolder, Unlock } from '../ports/platform.ts';
import type { DatabaseKey, StorageDriver } from '../ports/storage-driver.ts';
import { createEngine, type EngineOptions } from './create-engine.ts';
import type { Engine } from './engine.ts';

export interface OpenEngineOptions extends Omit<EngineOptions, 'storage' | 'user' | 'storeName'> {
  readonly user: { readonly id: string };
  readonly folder: StoreFolder;
  readonly unlock: Unlock;
}

/**
 * Unlocks a user's store, opens it and starts to sync.
 *
 * @throws HoldfastError `WrongKey`, `StoreDamaged`, `StoreBusy`, `StoreNewer`, `StoreFull`
 */
export async function openEngine({ user, folder, unlock, ...options }: OpenEngineOptions): Promise<Engine> {
  const { random, locks } = options.platform;
  const keys = await openKeys({ folder, unlock, user: user.id, random, locks });
  const storage = await openDatabase(folder, keys.page);
  try {
    return await createEngine({ ...options, storage, user: user.id as UserId, storeName: `holdfast:${keys.store}` });
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** The slot proved the key: a first page that it does not open is damaged, or another store's. */
async function openDatabase(folder: StoreFolder, key: DatabaseKey): Promise<StorageDriver> {
  try {
    return await folder.openDatabase(key);
  } catch (error) {
    if (hasCode(error, 'WrongKey')) throw new HoldfastError('StoreDamaged', 'its first page', { cause: error });
    throw error;
  }
}
