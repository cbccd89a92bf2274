import type { MutationId, Schema } from '@holdfast/core';
import type { Reads } from './plan-reading.ts';

/** What an answer is taken in upon. */
export interface ResponseContext {
  readonly schema: Schema;
  /** The generation the request was built upon. */
  readonly generation: number;
  /** The ids that were sent. */
  readonly sent: readonly MutationId[];
  /** The receipts that the request acknowledged. */
  readonly acknowledged: readonly MutationId[];
  /** What the request asked to read. */
  readonly reads: Reads;
  /** It asked for the checksums of what was read. */
  readonly asksChecksums: boolean;
  readonly nowMs: number;
  /** Bytes of the answer, for the progress of a catch-up. */
  readonly bytes: number;
}
