import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Version } from '../version/version.ts';

/** The two halves of the 64 bits by which a record counts in its scopes' checksums. */
export type RecordPrint = readonly [high: number, low: number];

/** The first eight bytes of SHA-256 of `collection/id@version`. */
export function recordPrint(collection: string, id: string, version: Version): RecordPrint {
  const bytes = sha256(utf8ToBytes(`${collection}/${id}@${version}`));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [view.getUint32(0), view.getUint32(4)];
}

/** SY16: what a scope holds, whatever the order: the XOR of its records' prints. */
export class ScopeChecksum {
  #high = 0;
  #low = 0;

  add([high, low]: RecordPrint): void {
    this.#high ^= high;
    this.#low ^= low;
  }

  /** 16 hexadecimal digits. */
  get text(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
