import type { Mutation, MutationId, Schema } from '@holdfast/core';
import { translateMutation } from './translate-mutation.ts';

/** What a request has to wait for because of ids that are not known yet. */
export interface Unmapped {
  /** Records made here that have no server id, as `collection/id`, each with the transaction that creates it. */
  readonly records: ReadonlyMap<string, string>;
  /**
   * Collections in which such a record may have been made there already: one that came from there may be it,
   * shown a second time.
   */
  readonly doubled: ReadonlySet<string>;
  /** Records that certainly are what they seem, as `collection/id`: they have their server ids. */
  readonly mapped: ReadonlySet<string>;
}

/**
 * OB2: of the mutations chosen those that may go to a backend that assigns ids. What names a record that has no
 * id there yet, in whatever place, waits for its create; so does what comes after it. Only in the transaction
 * of the create itself may it be named. And nothing is deleted that may turn out to be a record made here. In
 * the order chosen, whole transactions.
 */
export function holdUnmapped(schema: Schema, chosen: readonly Mutation[], unmapped: Unmapped): Mutation[] {
  if (unmapped.records.size === 0) return [...chosen];
  const held = new Set<string>();
  const heldIds = new Set<MutationId>();
  const hold = (mutation: Mutation) => {
    held.add(mutation.transaction);
    for (const { id, transaction } of chosen) if (transaction === mutation.transaction) heldIds.add(id);
  };
  for (const mutation of chosen) {
    if (namesUnmapped(schema, mutation, unmapped.records) || mayDeleteOwn(mutation, unmapped)) hold(mutation);
  }
  for (let before = -1; before !== held.size; ) {
    before = held.size;
    for (const mutation of chosen) {
      if (held.has(mutation.transaction)) continue;
      if ([...mutation.after, ...mutation.needs].some((id) => heldIds.has(id))) hold(mutation);
    }
  }
  return chosen.filter(({ transaction }) => !held.has(transaction));
}

function mayDeleteOwn(mutation: Mutation, { doubled, mapped }: Unmapped): boolean {
  if (mutation.kind !== 'delete' || !doubled.has(mutation.collection)) return false;
  return !mapped.has(`${mutation.collection}/${mutation.record}`);
}

function namesUnmapped(schema: Schema, mutation: Mutation, unmapped: Unmapped['records']): boolean {
  let found = false;
  translateMutation(schema, mutation, (collection, record) => {
    const creator = unmapped.get(`${collection}/${record}`);
    if (creator !== undefined && creator !== mutation.transaction) found = true;
    return record;
  });
  return found;
}
