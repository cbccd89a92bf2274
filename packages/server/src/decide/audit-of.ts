import type { ConflictSides, Decision, Json, Mutation, Override, Stamp } from '@holdfast/core';
import type { AuditEntry } from '../store/audit.ts';
import { addressOf, type Deciding, type RecordAddress } from './decide-context.ts';
import { safeText } from './safe-text.ts';

/** What the audit needs of an answer. */
export type Audited =
  | Decision
  | { readonly outcome: 'conflict'; readonly sides: ConflictSides | null }
  | { readonly outcome: 'discarded' };

/**
 * CF4, CF6, CF10: the audit entries of one mutation's answer: what it lost and what lost against it, its
 * conflict, refusal or discard, what it resolved, and each of its stamps that was clamped.
 */
export function auditOf(context: Deciding, mutation: Mutation, decision: Audited): AuditEntry[] {
  const raw = stampOf(mutation);
  // Most answers have nothing to tell.
  const plain = (): Omit<AuditEntry, 'event'> => ({
    ...{ user: context.principal.user, device: context.device, transaction: mutation.transaction },
    ...{ mutation: mutation.id, ...addressOf(context, mutation) },
    ...{ rule: null, other: null, mine: {}, theirs: {}, target: null, rawStamp: null },
    stamp: raw === null ? null : context.clamp(raw),
  });
  const entry = (event: AuditEntry['event'], parts: Partial<AuditEntry>): AuditEntry => ({
    ...plain(),
    event,
    ...parts,
  });
  switch (decision.outcome) {
    case 'discarded':
      return [entry('discarded', {})];
    case 'refused':
      return targetsOf(mutation).map((target) =>
        entry('refused', { ...target, rule: decision.reason, mine: contentOf(mutation) }),
      );
    case 'conflict': {
      const { sides } = decision;
      if (sides === null) return [];
      const { mine, theirs, by } = sides;
      return [
        entry('conflict', { rule: 'manual', other: by, mine, theirs }),
        ...clampedStamps(context, mutation, entry),
      ];
    }
    default: {
      const lost = decision.outcome === 'merged' ? decision.lost : [];
      const overrode: readonly Override[] = decision.overrode ?? [];
      return [
        ...lost.map(({ mine, kept, rule, by }) => entry('lost', { mine, theirs: kept, rule, other: by })),
        ...overrode.map(({ mine, theirs, rule, by }) => entry('overrode', { mine, theirs, rule, other: by })),
        ...mutation.resolves.map((target) => entry('resolved', { target })),
        ...clampedStamps(context, mutation, entry),
      ];
    }
  }
}

/** A command is about all that it refers to; all others about one record, or about none that is known. */
function targetsOf(mutation: Mutation): readonly Partial<RecordAddress>[] {
  if (mutation.kind !== 'command' || mutation.targets.length === 0) return [{}];
  return mutation.targets.map(({ collection, record }) => ({ collection: safeText(collection), record }));
}

/** Says of a resolution that is about no record itself which one it settles. */
export function aboutTarget(entry: AuditEntry, target: RecordAddress | undefined): AuditEntry {
  if (entry.event !== 'resolved' || entry.record !== '' || target === undefined) return entry;
  return { ...entry, collection: target.collection, record: target.record };
}

function clampedStamps(
  context: Deciding,
  mutation: Mutation,
  entry: (event: 'clamped', parts: Partial<AuditEntry>) => AuditEntry,
): AuditEntry[] {
  const raw = new Set([...('stamp' in mutation ? [mutation.stamp] : []), ...stampsOf(mutation)]);
  return [...raw].flatMap((rawStamp) => {
    const stamp = context.clamp(rawStamp);
    return stamp === rawStamp ? [] : [entry('clamped', { stamp, rawStamp })];
  });
}

function stampsOf(mutation: Mutation): Stamp[] {
  return 'set' in mutation ? mutation.set.map(({ stamp }) => stamp) : [];
}

/** When the person acted; null where nothing says. */
function stampOf(mutation: Mutation): Stamp | null {
  if ('stamp' in mutation) return mutation.stamp;
  return stampsOf(mutation).sort().at(-1) ?? null;
}

function contentOf(mutation: Mutation): Readonly<Record<string, Json>> {
  if (mutation.kind === 'command') return mutation.args;
  if (!('set' in mutation)) return {};
  return Object.assign({}, ...mutation.set.map(({ values }) => values)) as Record<string, Json>;
}
