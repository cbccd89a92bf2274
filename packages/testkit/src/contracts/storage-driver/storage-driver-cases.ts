import type { Case } from '../case.ts';
import { contentionCases } from './contention-cases.ts';
import { encryptionCases } from './encryption-cases.ts';
import type { StorageDriverHarness } from './storage-driver-harness.ts';
import { transactionCases } from './transaction-cases.ts';
import { valueCases } from './value-cases.ts';

/** Everything a storage driver has to hold, wherever it runs. */
export function storageDriverCases(harness: StorageDriverHarness): readonly Case[] {
  return [
    ...transactionCases(harness),
    ...valueCases(harness),
    ...contentionCases(harness),
    ...(harness.encrypted ? encryptionCases(harness) : []),
  ];
}
