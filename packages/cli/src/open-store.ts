import { randomBytes } from 'node:crypto';
import type { Schema } from '@holdfast/core';
import { pgliteStore, type ServerStore } from '@holdfast/server';

/** The clock and the chance of this machine. */
export const machine = {
  clock: { now: () => Date.now() },
  random: { bytes: (length: number) => new Uint8Array(randomBytes(length)), fraction: () => Math.random() },
};

/**
 * Opens an app's data folder for this process alone.
 *
 * @throws HoldfastError `DataFolderBusy`, `DataFolderReadOnly`, `DataFolderVersion`, `DatabaseMismatch`
 */
export function openStore(schema: Schema, folder: string): Promise<ServerStore> {
  return pgliteStore({ schema, folder, ...machine });
}
