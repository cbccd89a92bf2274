import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { openWith, sealWith } from '../../keys/aes-gcm.ts';
import type { Unlock } from '../../ports/platform.ts';
import { isErrno } from './file-error.ts';
import { createFileDurably } from './write-file-durably.ts';

export interface NodeDeviceKeyOptions {
  /** Where the key file is; better not on the disk that holds the stores. Made if it is missing. */
  readonly folder: string;
  /** Told once what this method cannot protect from. */
  readonly warn?: (message: string) => void;
}

/**
 * Unlocks with a key file of 32 random bytes, mode 0600. It keeps the store from whoever gets the
 * store's folder without the key file, and from nobody who has the whole disk.
 */
export function nodeDeviceKey({ folder, warn = process.emitWarning }: NodeDeviceKeyOptions): Unlock {
  const file = join(resolve(folder), 'device.key');
  let warned = false;
  const warnOnce = () => {
    if (warned) return;
    warned = true;
    warn(`Holdfast: the device key lies unprotected in ${file}. Whoever has this disk has the key.`);
  };
  return {
    type: 'device',
    async wrap(key, context) {
      warnOnce();
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const fresh = crypto.getRandomValues(new Uint8Array(32));
      await createFileDurably(file, fresh);
      return sealWith(await readKey(file), key, context);
    },
    async unwrap(wrapped, context) {
      warnOnce();
      return openWith(await readKey(file), wrapped, context);
    },
  };
}

async function readKey(file: string): Promise<CryptoKey> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    if (isErrno(cause, 'ENOENT')) throw new HoldfastError('WrongKey', `there is no key file ${file}`, { cause });
    throw cause;
  });
  if (bytes.length !== 32) throw new HoldfastError('WrongKey', `${file} is not a key file`);
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
}
