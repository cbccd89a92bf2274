import { HoldfastError } from '@holdfast/core';
import type { Locks, Random, StoreFolder, Unlock } from '../ports/platform.ts';
import type { DatabaseKey } from '../ports/storage-driver.ts';
import { formatSlots, makeSlot, parseSlots, type SlotsFile, slotContext, wrappedBytes } from './slots.ts';

const SLOT_VERSION = 1;
const DEK_BYTES = 32;
const SALT_BYTES = 16;

export interface OpenKeysParts {
  readonly folder: Pick<StoreFolder, 'readSlots' | 'writeSlots'>;
  readonly unlock: Unlock;
  readonly user: string;
  readonly random: Random;
  /** Over all tabs and processes that share the folder: two must not make keys for one store. */
  readonly locks: Locks;
}

/** What an unlocked store runs on. */
export interface StoreKeys {
  /** The store's id (UUID), made with its keys. */
  readonly store: string;
  /** Opens the database. */
  readonly page: DatabaseKey;
}

/**
 * Opens the store's keys, or makes them where there are none yet (ST2). The random data key is never
 * stored bare; from it each use gets a key of its own.
 *
 * @throws HoldfastError `WrongKey`, `StoreNewer`; nothing was changed then
 */
export async function openKeys(parts: OpenKeysParts): Promise<StoreKeys> {
  return parts.locks.exclusive(`keys:${parts.user}`, async () => {
    const text = await parts.folder.readSlots();
    return text === null ? createKeys(parts) : unlockKeys(parts, parseSlots(text));
  });
}

async function createKeys({ folder, unlock, user, random }: OpenKeysParts): Promise<StoreKeys> {
  const store = crypto.randomUUID();
  const secret = random.bytes(DEK_BYTES + SALT_BYTES);
  const header = { v: SLOT_VERSION, type: unlock.type, params: {} };
  const wrapped = await unlock.wrap(secret, slotContext(header, user, store));
  await folder.writeSlots(formatSlots({ v: 1, store, slots: [makeSlot(header, wrapped)] }));
  return keysFrom(secret, store);
}

async function unlockKeys({ unlock, user }: OpenKeysParts, file: SlotsFile): Promise<StoreKeys> {
  const slot = file.slots.find(({ type }) => type === unlock.type);
  if (!slot) throw new HoldfastError('WrongKey', `the store has no key slot of type ${unlock.type}`);
  const secret = await unlock.unwrap(wrappedBytes(slot), slotContext(slot, user, file.store));
  if (secret.length !== DEK_BYTES + SALT_BYTES)
    throw new HoldfastError('WrongKey', 'the key slot holds something else');
  return keysFrom(secret, file.store);
}

async function keysFrom(secret: Uint8Array, store: string): Promise<StoreKeys> {
  const dataKey = secret.slice(0, DEK_BYTES);
  const page = { key: await derive(dataKey, 'page/v1'), salt: secret.slice(DEK_BYTES) };
  secret.fill(0);
  dataKey.fill(0);
  return { store, page };
}

async function derive(dataKey: Uint8Array<ArrayBuffer>, purpose: string): Promise<Uint8Array> {
  const base = await crypto.subtle.importKey('raw', dataKey, 'HKDF', false, ['deriveBits']);
  const info = new TextEncoder().encode(purpose);
  const params = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(params, base, 256));
}
