import type { MutationId } from '@holdfast/core';

/**
 * What a mutation of a record comes after: its direct predecessor, the predecessor of that, and so on,
 * also through entries that have been released since; their bases may lie below versions those made.
 * `previousOf` gives the predecessor of an entry of the outbox or of `hf_sent`; undefined where it is
 * known no more.
 */
export function chainOf(
  previous: MutationId | null,
  previousOf: (id: MutationId) => MutationId | null | undefined,
): MutationId[] {
  const chain: MutationId[] = [];
  for (let id = previous; id !== null; ) {
    chain.push(id);
    id = previousOf(id) ?? null;
  }
  return chain.reverse();
}
