import { HoldfastError } from '@holdfast/core';
import { openWith, sealWith } from '../../keys/aes-gcm.ts';
import type { Unlock } from '../../ports/platform.ts';
import { inSmallStore } from './small-store.ts';

const ENTRY = 'device';

/**
 * Unlocks with a key that the browser keeps and never gives out. It keeps the store from whoever gets
 * the database without the browser's profile, and from nobody who has the whole profile.
 */
export function browserDeviceKey({ name = 'holdfast' }: { readonly name?: string } = {}): Unlock {
  return {
    type: 'device',
    async wrap(key, context) {
      return sealWith(await findOrKeep(name, await freshKey()), key, context);
    },
    async unwrap(wrapped, context) {
      const kek = await find(name);
      if (!kek) throw new HoldfastError('WrongKey', 'this browser has no device key');
      return openWith(kek, wrapped, context);
    },
  };
}

function freshKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

function find(name: string): Promise<CryptoKey | null> {
  return inSmallStore(name, 'device-key', 'readonly', (keys, give) => {
    const request = keys.get(ENTRY);
    request.onsuccess = () => give(request.result instanceof CryptoKey ? request.result : null);
  });
}

/** Two tabs may come here at once; the first one's key is everybody's. */
function findOrKeep(name: string, fresh: CryptoKey): Promise<CryptoKey> {
  return inSmallStore(name, 'device-key', 'readwrite', (keys, give) => {
    const request = keys.get(ENTRY);
    request.onsuccess = () => {
      if (request.result instanceof CryptoKey) return give(request.result);
      keys.put(fresh, ENTRY).onsuccess = () => give(fresh);
    };
  });
}
