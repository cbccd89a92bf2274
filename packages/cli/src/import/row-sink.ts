import type { ImportRow } from '@holdfast/server';

/**
 * Where imported rows go. A batch is stored whole or not at all; writing the same rows again changes
 * nothing. Throws HoldfastError when rows cannot be taken now, and any other error when it is these
 * rows that cannot.
 */
export interface RowSink {
  write(collection: string, rows: readonly ImportRow[]): Promise<void>;
  close(): Promise<void>;
}
