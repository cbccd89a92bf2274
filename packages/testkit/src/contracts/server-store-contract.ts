import type { Schema } from '@holdfast/core';
import type { ServerStore } from '@holdfast/server';
import { afterAll, beforeAll, describe } from 'vitest';
import { contractSchema } from './server-store/contract-schema.ts';
import { type ContractWorld, contractWorld } from './server-store/contract-world.ts';
import { feedContract } from './server-store/feed-contract.ts';
import { interleavingContract } from './server-store/interleaving-contract.ts';
import { keepingContract } from './server-store/keeping-contract.ts';
import { ledgerContract } from './server-store/ledger-contract.ts';
import { outcomeContract } from './server-store/outcome-contract.ts';
import { recordContract } from './server-store/record-contract.ts';
import { scopeContract } from './server-store/scope-contract.ts';

export interface ServerStoreTraits {
  /** Several transactions can be open at a time. PGlite has one session: there they wait their turn. */
  readonly overlapping: boolean;
}

/**
 * What every `ServerStore` has to do. `open` gives an empty store of the given schema; it is called once,
 * and the tests use records and scopes of their own in it.
 */
export function serverStoreContract(
  name: string,
  open: (schema: Schema) => Promise<ServerStore>,
  traits: ServerStoreTraits,
): void {
  describe(`ServerStore: ${name}`, () => {
    let world: ContractWorld | null = null;
    beforeAll(async () => {
      world = contractWorld(await open(contractSchema));
    });
    afterAll(async () => {
      await world?.store.close();
    });
    const current = (): ContractWorld => {
      if (world === null) throw new Error('the store did not open');
      return world;
    };
    recordContract(current);
    scopeContract(current);
    feedContract(current);
    outcomeContract(current);
    keepingContract(current);
    ledgerContract(current);
    if (traits.overlapping) interleavingContract(current);
  });
}
