import type { Position, RecordState, Scope, Stamp } from '@holdfast/core';

/** One record in one scope; shared by the record and the scope's feed. */
export interface FeedEntry {
  readonly record: MemoryRecord;
  readonly scope: Scope;
  present: boolean;
  /** The transactions in which the record came in, and in which this entry last changed. */
  entered: number;
  xid: number;
  /** Counts the entry's changes: tells the live line of a log from those it replaced. */
  turn: number;
}

/** What a transaction changes of a record, kept apart until it commits. */
export interface RecordContent {
  readonly state: RecordState;
  readonly lastScopes: readonly Scope[];
  readonly createdIn: number;
  /** The transaction that deleted it; null while it lives. */
  readonly deletedIn: number | null;
  readonly changedIn: Readonly<Record<string, Position>>;
  readonly stamp: Stamp;
}

/** A committed record. */
export interface MemoryRecord {
  readonly collection: string;
  readonly id: string;
  content: RecordContent;
  /** The scopes it is present in, sorted. */
  scopes: readonly Scope[];
  readonly feed: Map<Scope, FeedEntry>;
  /** `recordKey` of each record that it inherits scopes from. */
  parents: readonly string[];
}
