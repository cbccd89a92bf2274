import { mintEpoch } from '@holdfast/core';
import { serverStoreContract } from '@holdfast/testkit';
import { memoryStore } from './memory-store.ts';

serverStoreContract(
  'memory',
  async (schema) => memoryStore({ schema, epoch: mintEpoch(1_700_000_000_000, new Uint8Array(4), null) }),
  { overlapping: true },
);
