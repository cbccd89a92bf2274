import type { CatchUp, Cursor, Epoch, Scope, Snapshot } from '@holdfast/core';

/** What a device says about where it stands. */
export interface DevicePlace {
  readonly epoch: Epoch | null;
  readonly cursor: Cursor | null;
  readonly catchUp: CatchUp | null;
}

/**
 * A catch-up goes in rounds. The first reads from the device's cursor, page by page, while others write;
 * each round after that reads from the snapshot and the scopes of the first page of the round before. One
 * that fits into one page saw everything in one statement: its snapshot becomes the cursor.
 *
 * `again`: the scopes are others than when it began (or its history cannot be told): what was staged is of
 * no use.
 */
export type ReadPlan =
  | { readonly kind: 'again' }
  | {
      readonly kind: 'read';
      readonly since: Cursor | null;
      /** The first page of this round; null while there is none. */
      readonly first: Cursor | null;
      readonly after: CatchUp['after'];
    };

/** What to read next. `scopes`: all that this device may see and wants now. */
export function planRead(place: DevicePlace, scopes: readonly Scope[], epoch: Epoch): ReadPlan {
  const { catchUp } = place;
  if (place.epoch === null && catchUp !== null) return { kind: 'again' };
  // Of another history: what was read of it says nothing about this one (SY11).
  if (place.epoch !== epoch) return { kind: 'read', since: null, first: null, after: null };
  if (catchUp === null) return { kind: 'read', since: heldOf(place.cursor, scopes), first: null, after: null };
  if (!isSameSet(catchUp.first.scopes, scopes)) return { kind: 'again' };
  const { after } = catchUp;
  return { kind: 'read', since: heldOf(catchUp.since, scopes), first: after === null ? null : catchUp.first, after };
}

export type ReadOutcome =
  | { readonly cursor: Cursor; readonly catchUp: null }
  | { readonly cursor: null; readonly catchUp: CatchUp };

/** Where the device stands after a page. `last`: the last row sent, null where nothing is left of the round. */
export function planNext(
  plan: Extract<ReadPlan, { kind: 'read' }>,
  snapshot: Snapshot,
  scopes: readonly Scope[],
  last: CatchUp['after'],
): ReadOutcome {
  const here: Cursor = { snapshot, scopes: [...scopes] };
  const first = plan.first ?? here;
  if (last !== null) return { cursor: null, catchUp: { since: plan.since, first, after: last } };
  if (plan.first === null) return { cursor: here, catchUp: null };
  return { cursor: null, catchUp: { since: first, first, after: null } };
}

/** The scopes that a device held by its own account and may not see, or does not want, any more. */
export function goneScopes(cursor: Cursor | null, scopes: readonly Scope[]): Scope[] {
  const now = new Set(scopes);
  return (cursor?.scopes ?? []).filter((scope) => !now.has(scope));
}

/** A cursor is what a device says: its scopes are only ever compared with those it may see. */
function heldOf(cursor: Cursor | null, scopes: readonly Scope[]): Cursor | null {
  if (cursor === null) return null;
  const now = new Set(scopes);
  return { snapshot: cursor.snapshot, scopes: cursor.scopes.filter((scope) => now.has(scope)) };
}

function isSameSet(a: readonly Scope[], b: readonly Scope[]): boolean {
  const set = new Set(a);
  return set.size === new Set(b).size && b.every((scope) => set.has(scope));
}
