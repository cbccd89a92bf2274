import { invariant } from '@holdfast/core';
import type { DatabaseKey } from '../../ports/storage-driver.ts';

/**
 * The first statements of every connection. They key it: SQLCipher's version 4 scheme (AES-256-CBC,
 * HMAC-SHA512 over each page), with raw key and salt, so that no derivation slows the opening. And they
 * keep SQLite's temporary files in memory, for those it writes unencrypted.
 */
export function openingStatements({ key, salt }: DatabaseKey): readonly string[] {
  invariant(key.length === 32 && salt.length === 16, 'a database key has 32 bytes and a salt of 16');
  return [
    "PRAGMA cipher='sqlcipher'",
    'PRAGMA legacy=4',
    `PRAGMA key="x'${hex(key)}${hex(salt)}'"`,
    'PRAGMA temp_store=MEMORY',
  ];
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
