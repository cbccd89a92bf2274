import { describe, test } from 'vitest';
import { storageDriverCases } from './storage-driver/storage-driver-cases.ts';
import type { StorageDriverHarness } from './storage-driver/storage-driver-harness.ts';

/** What every `StorageDriver` has to do. */
export function storageDriverContract(name: string, harness: StorageDriverHarness): void {
  describe(`StorageDriver: ${name}`, () => {
    for (const { title, run } of storageDriverCases(harness)) test(title, run);
  });
}
