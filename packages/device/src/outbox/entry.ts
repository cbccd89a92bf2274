import type { Change, Mutation, MutationId, Stamp, TransactionId, UserId, Version } from '@holdfast/core';
import type { EntryState } from '../device.ts';
import type { SqlRow, SqlValue } from '../ports/storage-driver.ts';

/** What an entry changes; the parts of its mutation that never change after it may have been sent. */
export type EntryContent =
  | { readonly kind: 'create'; readonly set: readonly Change[] }
  | { readonly kind: 'update'; readonly base: Version; readonly set: readonly Change[] }
  | { readonly kind: 'delete'; readonly base: Version; readonly bases: readonly Readonly<Record<string, Version>>[] };

/** One line of the outbox. */
export interface Entry {
  /** Place in the order made; only grows. */
  readonly seq: number;
  readonly id: MutationId;
  readonly transaction: TransactionId;
  /** Who made it: it is sent with no other authority (OB9). */
  readonly user: UserId;
  readonly collection: string;
  readonly record: string;
  /** The version of the schema it was made under. */
  readonly schema: number;
  /** The entry of the same record that was last in the outbox when this one was made. */
  readonly previous: MutationId | null;
  /** Creates and named waits that have to be applied first. */
  readonly needs: readonly MutationId[];
  /** For a delete: earlier own entries that refer to its record, which it comes after as well. */
  readonly afterReferring: readonly MutationId[];
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
}

export const ENTRY_COLUMNS =
  'seq, id, txn, user, kind, collection, record, schema, previous, needs, body, stamp, priority, made_at, sent, tries, state';

export function entryToRow(entry: NewEntry): SqlValue[] {
  const { kind, ...body } = entry.content;
  const needs: Needs = { needs: entry.needs, afterReferring: entry.afterReferring };
  return [
    entry.id,
    entry.transaction,
    entry.user,
    kind,
    entry.collection,
    entry.record,
    entry.schema,
    entry.previous,
    needs.needs.length + needs.afterReferring.length === 0 ? '' : JSON.stringify(needs),
    JSON.stringify(body),
    entry.stamp,
    entry.priority,
    entry.madeAt,
  ];
}

// The store is ours and sealed page by page: what comes out of it is what was put in.
export function rowToEntry(row: SqlRow): Entry {
  const needs = (row.needs === '' ? { needs: [], afterReferring: [] } : JSON.parse(row.needs as string)) as Needs;
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

/** The mutation as it travels. `after` is taken when it is sent; see `chainOf`. `was` stays here unless asked for. */
export function toMutation(entry: Entry, after: readonly MutationId[], withWas: boolean): Mutation {
  const common = {
    id: entry.id,
    transaction: entry.transaction,
    schema: entry.schema,
    after: [...after],
    needs: [...entry.needs],
    resolves: [],
    collection: entry.collection,
    record: entry.record,
  };
  const { content } = entry;
  switch (content.kind) {
    case 'create':
      return { kind: 'create', ...common, set: changesToSend(content.set, false) };
    case 'update':
      return { kind: 'update', ...common, base: content.base, set: changesToSend(content.set, withWas), ops: [] };
    case 'delete':
      return { kind: 'delete', ...common, base: content.base, bases: [...content.bases], stamp: entry.stamp };
  }
}

function changesToSend(set: readonly Change[], withWas: boolean): Change[] {
  return set.map(({ was, ...change }) => (withWas && was !== undefined ? { ...change, was } : change));
}
