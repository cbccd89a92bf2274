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
 * that fits into one page saw everything in one statement: its snapshot becomes the cursor. Receipts come
 * before the first row of a round; where they fill pages of their own, those count as pages of it.
 *
 * `again`: the scopes or collections are others than when it began (or its history cannot be told): what
 * was staged is of no use.
 */
export type ReadPlan =
  | { readonly kind: 'again' }
  | {
      readonly kind: 'read';
      readonly since: Cursor | null;
      /** The first page of this round; null while there is none. */
      readonly first: Cursor | null;
      readonly after: CatchUp['after'];
      readonly part: CatchUp['part'];
      readonly told: CatchUp['told'];
    };

type Reading = Extract<ReadPlan, { kind: 'read' }>;

/** To read everything. */
export const FROM_NOTHING: Reading = { kind: 'read', since: null, first: null, after: null, part: null, told: null };

/** What to read next. `scopes` and `collections`: all that this device may see and wants now. */
export function planRead(
  place: DevicePlace,
  scopes: readonly Scope[],
  collections: readonly string[],
  epoch: Epoch,
): ReadPlan {
  const { catchUp } = place;
  if (place.epoch === null && catchUp !== null) return { kind: 'again' };
  // Of another history: what was read of it says nothing about this one (SY11).
  if (place.epoch !== epoch) return FROM_NOTHING;
  if (catchUp === null) return { ...FROM_NOTHING, since: heldOf(place.cursor, scopes) };
  const { after, part, told } = catchUp;
  if (!isSameSet(catchUp.first.scopes, scopes)) return { kind: 'again' };
  if (after !== null && !collections.includes(after[0])) return { kind: 'again' };
  const begun = after !== null || told !== null;
  return {
    kind: 'read',
    since: heldOf(catchUp.since, scopes),
    first: begun ? catchUp.first : null,
    after,
    part,
    told,
  };
}

/** How far a page came: the last row and the last receipt sent, null where nothing of them is left. */
export interface PageEnd {
  readonly row: CatchUp['after'];
  readonly receipt: CatchUp['told'];
  readonly part: CatchUp['part'];
}

export type ReadOutcome =
  | { readonly cursor: Cursor; readonly catchUp: null }
  | { readonly cursor: null; readonly catchUp: CatchUp };

/** Where the device stands after a page. */
export function planNext(plan: Reading, snapshot: Snapshot, scopes: readonly Scope[], end: PageEnd): ReadOutcome {
  const here: Cursor = { snapshot, scopes: [...scopes] };
  const first = plan.first ?? here;
  const { since } = plan;
  if (end.receipt !== null) {
    return { cursor: null, catchUp: { since, first, after: null, part: null, told: end.receipt } };
  }
  if (end.row !== null) {
    return { cursor: null, catchUp: { since, first, after: end.row, part: end.part, told: null } };
  }
  if (plan.first === null) return { cursor: here, catchUp: null };
  return { cursor: null, catchUp: { since: first, first, after: null, part: null, told: null } };
}

/** Which collections a page of a read from nothing ends. */
export interface PageParts {
  /** Those that are in this page from their beginning to their end. */
  readonly whole: readonly string[];
  /** One that began in an earlier page: what has changed in it since has to come as well. */
  readonly mend: { readonly collection: string; readonly since: Snapshot } | null;
  /** The page that the unfinished collection began with. */
  readonly part: Snapshot | null;
}

const NO_PARTS: PageParts = { whole: [], mend: null, part: null };

/** SY9: `last` is the last row of the page, null where nothing is left. */
export function partsOf(
  plan: Reading,
  collections: readonly string[],
  snapshot: Snapshot,
  last: CatchUp['after'],
): PageParts {
  if (plan.since !== null) return NO_PARTS;
  const from = plan.after === null ? 0 : collections.indexOf(plan.after[0]);
  const to = last === null ? collections.length : collections.indexOf(last[0]);
  const begun = plan.after === null ? null : plan.part;
  const name = collections[from];
  const ended = begun !== null && to > from;
  return {
    whole: collections.slice(ended ? from + 1 : from, to),
    mend: ended && name !== undefined ? { collection: name, since: begun } : null,
    part: last === null ? null : begun !== null && to === from ? begun : snapshot,
  };
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
