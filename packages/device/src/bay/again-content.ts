import type { Change, Collection, Json, JsonObject, Stamp, Version } from '@holdfast/core';
import type { Entry, EntryContent } from '../outbox/entry.ts';
import type { Again } from './choice.ts';

/** What is known of the entry's record when it is sent again. */
export interface AgainRecord {
  /** What a person is shown of it, field by field. */
  readonly shown: JsonObject;
  /** Fields that later own entries wrote: what they say stays (CF7). */
  readonly writtenLater: ReadonlySet<string>;
  /** Fields that a person decided with another entry of the transaction: that is the last word on them. */
  readonly decidedElsewhere: ReadonlySet<string>;
  /** The field bases of live own entries, for a delete above them. */
  readonly bases: readonly Readonly<Record<string, Version>>[];
}

/**
 * The content of the entry that takes another's place; null where nothing is left of it. Fields that a person
 * chose have the version that was shown as their base, and a new stamp; the others keep base and stamp, or stay
 * out where a later own entry wrote them, or where they were decided with another entry of the transaction.
 * Groups go as a whole.
 */
export function againContent(
  entry: Entry,
  again: Again,
  record: AgainRecord,
  collection: Collection | undefined,
  stamp: Stamp,
): EntryContent | null {
  const { content } = entry;
  if (again.kind === 'leave-out') return null;
  if (again.kind === 'delete') return { kind: 'delete', base: again.base, bases: record.bases };
  if (collection === undefined) return content.kind === 'command' ? commandAgain(content, again) : content;
  if (again.kind === 'bring-back') {
    const set = [
      ...keptOf(content, new Set([...Object.keys(again.values), ...again.leaveOut])),
      ...chosenOf(again, entry, record, collection, stamp),
    ];
    return { kind: 'restore', base: again.base, set, last: again.last };
  }
  if (content.kind === 'create') {
    if (again.kind === 'as-it-is') return content;
    const kept = keptOf(content, new Set(Object.keys(again.values)));
    const values = Object.keys(again.values).length > 0 ? [{ values: again.values, base: again.base, stamp }] : [];
    return { kind: 'create', set: [...kept, ...values] };
  }
  if (content.kind !== 'update' && content.kind !== 'restore') return content;
  if (again.kind === 'as-it-is') {
    const out = new Set([...record.writtenLater, ...record.decidedElsewhere]);
    const set = keptOf(content, wholeGroups(out, collection));
    return set.length === 0 && content.kind === 'update' ? null : { ...content, set };
  }
  const chosen = chosenOf(again, entry, record, collection, stamp);
  const out = new Set([
    ...again.leaveOut,
    ...record.writtenLater,
    ...record.decidedElsewhere,
    ...chosen.flatMap(({ values }) => Object.keys(values)),
  ]);
  const set = [...keptOf(content, wholeGroups(out, collection)), ...chosen];
  if (content.kind === 'restore') return { ...content, set };
  return set.length === 0 ? null : { kind: 'update', base: again.base, set };
}

function commandAgain(content: Extract<EntryContent, { kind: 'command' }>, again: Again): EntryContent {
  return again.kind === 'set' ? { ...content, args: { ...content.args, ...again.values } } : content;
}

function keptOf(content: EntryContent, out: ReadonlySet<string>): Change[] {
  if (!('set' in content)) return [];
  const without = (values: JsonObject) =>
    Object.fromEntries(Object.entries(values).filter(([field]) => !out.has(field)));
  return content.set.flatMap((change): Change[] => {
    const values = without(change.values);
    if (Object.keys(values).length === 0) return [];
    return [{ ...change, values, ...(change.was && { was: without(change.was) }) }];
  });
}

function chosenOf(
  again: { readonly base: Version; readonly values: JsonObject },
  { content }: Entry,
  { shown }: AgainRecord,
  collection: Collection,
  stamp: Stamp,
): Change[] {
  const fields = wholeGroups(new Set(Object.keys(again.values)), collection);
  if (fields.size === 0) return [];
  const written = Object.assign({}, ...('set' in content ? content.set.map(({ values }) => values) : [])) as JsonObject;
  const values: Record<string, Json> = {};
  const was: Record<string, Json> = {};
  for (const field of fields) {
    values[field] = [again.values, written, shown].find((source) => Object.hasOwn(source, field))?.[field] ?? null;
    was[field] = shown[field] ?? null;
  }
  return [{ values, base: again.base, stamp, was }];
}

function wholeGroups(fields: ReadonlySet<string>, collection: Collection): ReadonlySet<string> {
  return new Set([...fields].flatMap((field) => collection.groupOf.get(field) ?? [field]));
}

/** The fields that a person decided with this entry, of either side. */
export function decidedFields(again: Again): readonly string[] {
  return again.kind === 'set' || again.kind === 'bring-back' ? [...Object.keys(again.values), ...again.leaveOut] : [];
}
