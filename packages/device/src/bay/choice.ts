import type { Json, JsonObject, MutationId, Version } from '@holdfast/core';

/** Of one conflicting field: what I wrote, what is there now, or something else. */
export type FieldChoice = 'mine' | 'theirs' | { readonly value: Json };

/** What a person decides about one conflicted entry (CF7). What is not named stays as it was written. */
export interface ConflictChoice {
  readonly fields?: Readonly<Record<string, FieldChoice>>;
  /** Where one side deleted the record: is it to be there or not? */
  readonly record?: 'keep' | 'delete';
  /** The version that was shown, as `conflicts.list` gave it. Default: the one shown now. */
  readonly version?: string;
}

/** What a person wants done with what waits for them. */
export type OutboxAction =
  /** The transaction of this entry again, as it is. */
  | { readonly kind: 'resend'; readonly id: string }
  /** The same with other values: by entry, or of this one entry. */
  | { readonly kind: 'edit'; readonly id: string; readonly values: Readonly<Record<string, JsonObject>> }
  | { readonly kind: 'resolve'; readonly id: string; readonly choices: Readonly<Record<string, ConflictChoice>> }
  | { readonly kind: 'discard'; readonly id: string; readonly withDependants: boolean }
  | { readonly kind: 'seen'; readonly collection: string; readonly record: string };

/** What is made of one entry that stands aside. */
export type Again =
  | { readonly kind: 'as-it-is' }
  | { readonly kind: 'leave-out' }
  /** `values` upon `base`; `leaveOut` are fields that are given up. Everything else as it was written. */
  | {
      readonly kind: 'set';
      readonly base: Version;
      readonly values: JsonObject;
      readonly leaveOut: ReadonlySet<string>;
    }
  | { readonly kind: 'delete'; readonly base: Version }
  | {
      readonly kind: 'bring-back';
      readonly base: Version;
      readonly last: JsonObject;
      readonly values: JsonObject;
      readonly leaveOut: ReadonlySet<string>;
    };

/** What came of it. Discarding what others depend on lists them first, and does nothing (OB11). */
export type ActionResult =
  | { readonly done: true; readonly transaction: string | null; readonly mutations: readonly MutationId[] }
  | { readonly done: false; readonly dependants: readonly MutationId[] };
