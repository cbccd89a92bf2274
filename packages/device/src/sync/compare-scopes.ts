import {
  type ExchangeResponse,
  HoldfastError,
  recordPrint,
  type Scope,
  ScopeChecksum,
  type Version,
} from '@holdfast/core';
import { readWanted } from '../hold/retained-store.ts';
import type { ReadTx, StorageDriver } from '../ports/storage-driver.ts';
import { readChecks, writeChecks } from './check-store.ts';
import { readReadState } from './cursor-store.ts';

type Checksums = NonNullable<ExchangeResponse['checksums']>;

/**
 * SY16: compares what this device holds of each scope with what the server says it should, at the checkpoint
 * of `generation`. Scopes that differ are read again from the next exchange on. Gives what there is to report;
 * null where all is equal, or another answer was taken in since.
 */
export async function compareScopes(
  storage: StorageDriver,
  checksums: Checksums,
  generation: number,
  nowMs: number,
): Promise<HoldfastError | null> {
  const differing = await storage.read(async (tx) => {
    if ((await readReadState(tx)).generation !== generation) return null;
    // What waits for its content is held in its older version until then.
    if ((await readWanted(tx)).length > 0) return null;
    const own = await ownChecksums(tx);
    return checksums.filter(({ scope, checksum }) => (own.get(scope) ?? new ScopeChecksum()).text !== checksum);
  });
  if (differing === null) return null;
  const noted = await storage.write(async (tx) => {
    if ((await readReadState(tx)).generation !== generation) return false;
    const checks = await readChecks(tx);
    await writeChecks(tx, { ...checks, checkedAt: nowMs, again: differing.map(({ scope }) => scope), begun: false });
    return true;
  });
  if (!noted || differing.length === 0) return null;
  // How many is enough to look into it: a scope's name can say whose it is.
  return new HoldfastError('Diverged', `${differing.length} of ${checksums.length} scopes`);
}

async function ownChecksums(tx: ReadTx): Promise<Map<Scope, ScopeChecksum>> {
  const sums = new Map<Scope, ScopeChecksum>();
  // Most records are in the same few scopes.
  const bySet = new Map<string, readonly ScopeChecksum[]>();
  const sumsOf = (text: string): readonly ScopeChecksum[] => {
    const known = bySet.get(text);
    if (known !== undefined) return known;
    const found = (JSON.parse(text) as Scope[]).map((scope) => {
      const sum = sums.get(scope) ?? new ScopeChecksum();
      sums.set(scope, sum);
      return sum;
    });
    bySet.set(text, found);
    return found;
  };
  for (const row of await tx.all('SELECT collection, id, version, scopes FROM hf_record')) {
    const print = recordPrint(row.collection as string, row.id as string, row.version as Version);
    for (const sum of sumsOf(row.scopes as string)) sum.add(print);
  }
  return sums;
}
