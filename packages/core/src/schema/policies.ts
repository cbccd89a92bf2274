import type { JsonObject } from '../value/json.ts';

/** How concurrent writes to one field are settled. `authority` lists roles, highest first (CF6). */
export type ConflictPolicy =
  | { readonly kind: 'lastWriteWins'; readonly authority: readonly string[] }
  | { readonly kind: 'serverWins' }
  | { readonly kind: 'manual' }
  | { readonly kind: 'custom'; readonly resolve: Resolver };

/** A field, or the fields of one group, as a resolver sees them. */
export interface ResolverSides {
  /** What they were when `mine` was written. */
  readonly base: JsonObject;
  readonly mine: JsonObject;
  /** What is there now. */
  readonly theirs: JsonObject;
}

/**
 * CF8: what concurrent values come to, for all the fields it is given; null where a person has to decide.
 * Has to be pure: it runs on server and device, and more than once.
 */
export type Resolver = (sides: ResolverSides) => JsonObject | null;

/** CF9: a delete and an update that had not seen each other. */
export type DeletePolicy = 'manual' | 'deleteWins' | 'updateWins';

/** CF5: of concurrent writes the later stamp wins, field by field; with ranks, the higher role. */
export function lastWriteWins(options: { authority?: readonly string[] } = {}): ConflictPolicy {
  return { kind: 'lastWriteWins', authority: options.authority ?? [] };
}

/** CF4: the server's value stays; the value that lost is audited. */
export function serverWins(): ConflictPolicy {
  return { kind: 'serverWins' };
}

/** CF7: neither value is overwritten; a person decides. */
export function manual(): ConflictPolicy {
  return { kind: 'manual' };
}

/** CF8: a pure function decides; what it throws or leaves open goes to a person. */
export function custom(resolve: Resolver): ConflictPolicy {
  return { kind: 'custom', resolve };
}
