import type { Scope } from '@holdfast/core';
import type { Checks } from './check-store.ts';
import type { ReadState } from './cursor-store.ts';
import { nextFullRead } from './read-budget.ts';

/** What an exchange reads. */
export type Reads =
  | { readonly kind: 'changes' }
  | { readonly kind: 'everything' }
  /** Its changes, and these scopes whole, as if they had not been held (SY16). */
  | { readonly kind: 'scopes-again'; readonly scopes: readonly Scope[] }
  /** It was read anew too often: this exchange only sends (hazard A9). */
  | { readonly kind: 'nothing' };

/** A catch-up that has begun goes on as it began. */
export function planReading({ cursor, catchUp }: ReadState, checks: Checks, nowMs: number): Reads {
  const again = { kind: 'scopes-again', scopes: checks.again } as const;
  if (catchUp !== null) return cursor === null ? { kind: 'everything' } : checks.begun ? again : { kind: 'changes' };
  const may = nextFullRead(checks.fullReads, nowMs) === null;
  if (cursor === null) return may ? { kind: 'everything' } : { kind: 'nothing' };
  return checks.again.length > 0 && may ? again : { kind: 'changes' };
}
