import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../value/canonical-json.ts';
import type { Json } from '../value/json.ts';
import type { Mutation } from './mutation.ts';

/**
 * SV1: what a mutation is, in 32 hexadecimal digits (128 bits of SHA-256). Covers what it does and upon
 * what, as sent; not what it waits for, which shrinks while it waits.
 */
export function fingerprint(mutation: Mutation): string {
  const {
    id: _id,
    transaction: _transaction,
    schema: _schema,
    after: _after,
    needs: _needs,
    resolves: _resolves,
    ...content
  } = mutation;
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(content as unknown as Json)))).slice(0, 32);
}
