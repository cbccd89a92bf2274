import type { Stamp } from '../time/stamp.ts';
import type { Json } from '../value/json.ts';
import type { ConflictSides, Loss, LossRule, Refusal } from '../wire/receipt.ts';

/** Values to write under one stamp. */
export interface WonChange {
  readonly values: Readonly<Record<string, Json>>;
  readonly stamp: Stamp;
}

/** What happens to the record. */
export type RecordWrite =
  | { readonly kind: 'insert'; readonly changes: readonly WonChange[] }
  | { readonly kind: 'update'; readonly changes: readonly WonChange[] }
  | { readonly kind: 'delete'; readonly stamp: Stamp }
  | { readonly kind: 'none' };

/** Values that stood there, unseen by the writer, and lost against the mutation's (CF4, CF6): for the audit. */
export interface Override {
  readonly mine: Readonly<Record<string, Json>>;
  readonly theirs: Readonly<Record<string, Json>>;
  readonly rule: LossRule;
  /** Whose they were; null for a change by other programs. */
  readonly by: string | null;
}

/** How one mutation is answered. Only `applied` and `merged` write anything. */
export type Decision =
  | { readonly outcome: 'applied'; readonly write: RecordWrite; readonly overrode?: readonly Override[] }
  | {
      readonly outcome: 'merged';
      readonly write: RecordWrite;
      readonly lost: readonly Loss[];
      readonly overrode?: readonly Override[];
    }
  | { readonly outcome: 'conflict'; readonly sides: ConflictSides }
  | { readonly outcome: 'refused'; readonly reason: Refusal; readonly detail: string | null };
