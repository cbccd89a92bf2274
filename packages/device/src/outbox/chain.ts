import type { MutationId } from '@holdfast/core';
import type { Entry } from './entry.ts';

/** An entry of the outbox or of `hf_sent`, as far as the order of records goes. */
export interface Link {
  readonly id: MutationId;
  readonly previous: MutationId | null;
  readonly afterReferring: readonly MutationId[];
  /** The records whose order it belongs to: its own, or a command's targets. */
  readonly lanes: readonly string[];
  /** A command: it can have made a version of any record. */
  readonly isCommand: boolean;
  /** It has no answer yet. */
  readonly open: boolean;
}

/**
 * What a mutation comes after: its direct predecessors, the predecessors of those in its lanes, and so on,
 * also through entries that have been released since; their bases may lie below versions those made. Of
 * other records only what is not answered yet: nothing else counts. Oldest first, the latest `most` of them.
 * `linkOf` gives an entry of the outbox or of `hf_sent`; null where it is known no more.
 */
export async function chainOf(
  entry: Pick<Entry, 'previous' | 'afterReferring'> & { readonly lanes: readonly string[] },
  linkOf: (id: MutationId) => Promise<Link | null> | Link | null,
  most: number,
): Promise<MutationId[]> {
  const found = new Set<MutationId>();
  let level = predecessorsOf(entry);
  while (level.length > 0 && found.size < most) {
    const next: MutationId[] = [];
    for (const id of level) {
      if (found.has(id) || found.size >= most) continue;
      const link = await linkOf(id);
      // What is known here no more is not named: after a restore of the server nobody might know it.
      if (link === null) continue;
      const ours = link.isCommand || link.lanes.some((lane) => entry.lanes.includes(lane));
      if (!ours && !link.open) continue;
      found.add(id);
      if (ours) next.push(...predecessorsOf(link));
    }
    level = next;
  }
  return [...found].reverse();
}

function predecessorsOf({ previous, afterReferring }: Pick<Entry, 'previous' | 'afterReferring'>): MutationId[] {
  return previous === null ? [...afterReferring] : [previous, ...afterReferring];
}

/** The records whose order an entry belongs to, as addresses. */
export function lanesOf(entry: Pick<Entry, 'collection' | 'record' | 'content'>): string[] {
  const { content } = entry;
  if (content.kind === 'discard') return [];
  if (content.kind === 'command') return content.targets.map(({ collection, record }) => `${collection}/${record}`);
  return [`${entry.collection}/${entry.record}`];
}
