import type {
  Change,
  JsonObject,
  Mutation,
  MutationId,
  RecordId,
  Stamp,
  TransactionId,
  UserId,
  Version,
} from '@holdfast/core';
import type { SqlRow, SqlValue } from '../ports/storage-driver.ts';
import type { EntryState } from './entry-state.ts';

/** What an entry changes; the parts of its mutation that never change after it may have been sent. */
export type EntryContent =
  | { readonly kind: 'create'; readonly set: readonly Change[] }
  | { readonly kind: 'update'; readonly base: Version; readonly set: readonly Change[] }
  | { readonly kind: 'delete'; readonly base: Version; readonly bases: readonly Readonly<Record<string, Version>>[] }
  /** CF9: brings back what others deleted. `last` is the content that was shown; it does not travel. */
  | { readonly kind: 'restore'; readonly base: Version; readonly set: readonly Change[]; readonly last: JsonObject }
  | {
      readonly kind: 'command';
      readonly name: string;
      readonly args: JsonObject;
      readonly targets: readonly { readonly collection: string; readonly record: string }[];
    }
  /** Stands for answered work without changing anything (OB11). */
  | { readonly kind: 'discard' };

/** One line of the outbox. */
export interface Entry {
  /** Place in the order made; only grows. */
  readonly seq: number;
  readonly id: MutationId;
  readonly transaction: TransactionId;
  /** Who made it: it is sent with no other authority (OB9). */
  readonly user: UserId;
  /** Empty for commands and discards, which belong to no single record. */
  readonly collection: string;
  readonly record: string;
  /** The version of the schema it was made under. */
  readonly schema: number;
  /** The entry of the same record that was last in the outbox when this one was made. */
  readonly previous: MutationId | null;
  /** Creates and named waits that have to be applied first. */
  readonly needs: readonly MutationId[];
  /**
   * What else it comes after: for a delete the earlier own entries that refer to its record, for a command the
   * last ones of its targets, for any other the commands that target its record.
   */
  readonly afterReferring: readonly MutationId[];
  /** The entries it stands for, those left out included (OB10). */
  readonly resolves: readonly MutationId[];
  readonly content: EntryContent;
  readonly stamp: Stamp;
  readonly priority: number;
  /** Milliseconds since 1970, by this device's clock. */
  readonly madeAt: number;
  /** It may have left this device: from here on nothing of it changes (hazard B11). */
  readonly sent: boolean;
  readonly tries: number;
  readonly state: EntryState;
}

export type NewEntry = Omit<Entry, 'seq' | 'sent' | 'tries' | 'state'>;

interface Needs {
  readonly needs: readonly MutationId[];
  readonly afterReferring: readonly MutationId[];
  readonly resolves: readonly MutationId[];
}

const NOTHING: Needs = { needs: [], afterReferring: [], resolves: [] };

export const ENTRY_COLUMNS =
  'seq, id, txn, user, kind, collection, record, schema, previous, needs, body, stamp, priority, made_at, sent, tries, state';

export function entryToRow(entry: NewEntry): SqlValue[] {
  const { kind, ...body } = entry.content;
  return [
    entry.id,
    entry.transaction,
    entry.user,
    kind,
    entry.collection,
    entry.record,
    entry.schema,
    entry.previous,
    needsToText(entry),
    JSON.stringify(body),
    entry.stamp,
    entry.priority,
    entry.madeAt,
  ];
}

/** What an entry waits for and stands for, in one column: most have nothing. */
export function needsToText({ needs, afterReferring, resolves }: Needs): string {
  return needs.length + afterReferring.length + resolves.length === 0
    ? ''
    : JSON.stringify({ needs, afterReferring, resolves });
}

export function parseNeeds(text: SqlValue | undefined): Needs {
  return text === '' ? NOTHING : (JSON.parse(text as string) as Needs);
}

// The store is ours and sealed page by page: what comes out of it is what was put in.
export function rowToEntry(row: SqlRow): Entry {
  const needs = parseNeeds(row.needs);
  return {
    seq: row.seq as number,
    id: row.id as MutationId,
    transaction: row.txn as TransactionId,
    user: row.user as UserId,
    collection: row.collection as string,
    record: row.record as string,
    schema: row.schema as number,
    previous: row.previous as MutationId | null,
    ...needs,
    content: { kind: row.kind, ...(JSON.parse(row.body as string) as object) } as EntryContent,
    stamp: row.stamp as Stamp,
    priority: row.priority as number,
    madeAt: row.made_at as number,
    sent: row.sent === 1,
    tries: row.tries as number,
    state: JSON.parse(row.state as string) as EntryState,
  };
}

/** What changes of a record an entry brings; nothing for those that set no fields. */
export function setOf(content: EntryContent): readonly Change[] {
  return 'set' in content ? content.set : [];
}

/** The mutation as it travels. `after` is taken when it is sent; see `chainOf`. `was` stays here unless asked for. */
export function toMutation(entry: Entry, after: readonly MutationId[], withWas: boolean): Mutation {
  const common = {
    id: entry.id,
    transaction: entry.transaction,
    schema: entry.schema,
    after: [...after],
    needs: [...entry.needs],
    resolves: [...entry.resolves],
  };
  // Its content may have been received before: whichever arrives first is the outcome (OB11).
  if (entry.state.at === 'resolving')
    return { kind: 'discard', ...common, after: [], needs: [], resolves: [], stamp: entry.stamp };
  const { content, stamp } = entry;
  const target = { collection: entry.collection, record: entry.record as RecordId };
  switch (content.kind) {
    case 'create':
      return { kind: 'create', ...common, ...target, set: changesToSend(content.set, false) };
    case 'update':
      return {
        kind: 'update',
        ...common,
        ...target,
        base: content.base,
        set: changesToSend(content.set, withWas),
        ops: [],
      };
    case 'delete':
      return { kind: 'delete', ...common, ...target, base: content.base, bases: [...content.bases], stamp };
    case 'restore':
      return {
        kind: 'restore',
        ...common,
        ...target,
        base: content.base,
        set: changesToSend(content.set, withWas),
        stamp,
      };
    case 'command': {
      const targets = content.targets.map(({ collection, record }) => ({ collection, record: record as RecordId }));
      return { kind: 'command', ...common, name: content.name, args: content.args, targets, stamp };
    }
    case 'discard':
      return { kind: 'discard', ...common, stamp };
  }
}

function changesToSend(set: readonly Change[], withWas: boolean): Change[] {
  return set.map(({ was, ...change }) => (withWas && was !== undefined ? { ...change, was } : change));
}
