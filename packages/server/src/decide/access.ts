import type { Collection, Scope } from '@holdfast/core';
import type { Deciding } from './decide-context.ts';
import type { WorkingCopy, WorkingRecord } from './working-copy.ts';

type Values = WorkingRecord['state']['values'];

/** SV5: do the writer's scopes meet these? */
export function meets({ allowed }: Deciding, scopes: readonly Scope[]): boolean {
  return scopes.some((scope) => allowed.has(scope));
}

/** SV5: may the role of the writer's token write in this collection? */
export function mayWrite({ principal }: Deciding, { writers }: Collection): boolean {
  return writers === null || (principal.role !== null && writers.includes(principal.role));
}

/** SV5: seen before this exchange is enough: who deletes a parent may still delete its children after it. */
export function isVisible(
  context: Deciding,
  collection: Collection,
  record: WorkingRecord,
  records: WorkingCopy,
): boolean {
  return (
    meets(context, records.scopesBefore(collection.name, record.id)) ||
    meets(context, records.scopes(collection, record))
  );
}

/** SV5 for a create whose id is taken: may its writer see what it would have made, and so hear that it exists? */
export function mayHearOf(
  context: Deciding,
  collection: Collection,
  values: Values,
  before: WorkingRecord,
  records: WorkingCopy,
): boolean {
  const state = { ...before.state, values, deleted: null };
  return meets(context, records.scopes(collection, { ...before, state, loadedScopes: null }));
}
