import type { MutationId, Schema } from '@holdfast/core';

/** What an answer is taken in upon. */
export interface ResponseContext {
  readonly schema: Schema;
  /** The generation the request was built upon. */
  readonly generation: number;
  /** The ids that were sent. */
  readonly sent: readonly MutationId[];
  /** The receipts that the request acknowledged. */
  readonly acknowledged: readonly MutationId[];
  readonly nowMs: number;
  /** Bytes of the answer, for the progress of a catch-up. */
  readonly bytes: number;
}
