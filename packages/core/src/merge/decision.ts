import type { Stamp } from '../time/stamp.ts';
import type { Json } from '../value/json.ts';
import type { ConflictSides, Loss, Refusal } from '../wire/receipt.ts';

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

/** How one mutation is answered. Only `applied` and `merged` write anything. */
export type Decision =
  | { readonly outcome: 'applied'; readonly write: RecordWrite }
  | { readonly outcome: 'merged'; readonly write: RecordWrite; readonly lost: readonly Loss[] }
  | { readonly outcome: 'conflict'; readonly sides: ConflictSides }
  | { readonly outcome: 'refused'; readonly reason: Refusal; readonly detail: string | null };
