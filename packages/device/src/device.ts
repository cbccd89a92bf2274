import type { CreateInput, Receipt, RecordId, Schema, Tables, UpdateInput } from '@holdfast/core';
import type { Compilable, Kysely } from 'kysely';

/** Options of one write. */
export interface WriteOptions {
  /** Overrides the collection's priority; 1 goes first. */
  readonly priority?: number;
}

/** The changes of one transaction, collection by collection. Nothing is stored until `write` resolves. */
export type WriteTransaction<S extends Schema> =
  S extends Schema<infer C> ? { readonly [Name in keyof C & string]: CollectionWriter<C[Name], Name> } : never;

export interface CollectionWriter<D, Name extends string> {
  /** The id is made here (UUIDv7) unless one is given; it is final. */
  create(values: CreateInput<D, Name>): { readonly id: RecordId<Name> };
  /** Only what differs from what is there becomes a mutation, unless `confirm` is set (WR5). */
  update(id: RecordId<Name>, values: UpdateInput<D>, options?: { confirm?: boolean }): void;
  delete(id: RecordId<Name>): void;
}

/** What a write became. */
export interface WriteReceipt {
  readonly transaction: string | null;
  /** Mutations made; empty where nothing changed. */
  readonly mutations: readonly string[];
}

/** OB7: where an entry of the outbox stands; each state has only its own fields. */
export type EntryState =
  | { readonly at: 'pending' }
  | { readonly at: 'sending' }
  | { readonly at: 'waiting'; readonly since: number; readonly nextTry: number; readonly error: string }
  | { readonly at: 'accepted'; readonly receipt: Receipt }
  | { readonly at: 'blocked'; readonly by: readonly string[]; readonly reason: 'held' | 'not-live' }
  | { readonly at: 'conflicted'; readonly receipt: Receipt }
  | { readonly at: 'refused'; readonly receipt: Receipt };

export interface OutboxEntry {
  readonly id: string;
  readonly transaction: string;
  readonly kind: 'create' | 'update' | 'delete';
  readonly collection: string;
  readonly record: string;
  readonly priority: number;
  /** Milliseconds since 1970, by this device's clock. */
  readonly madeAt: number;
  readonly tries: number;
  readonly state: EntryState;
}

/** OP2: what one record's badge shows. */
export type RecordStatus = 'saved-here' | 'sending' | 'sent' | 'needs-attention';

/** Where the sync engine stands; the drawing is beside the state machine. */
export type SyncPhase =
  | { readonly at: 'idle' }
  | { readonly at: 'exchanging' }
  | { readonly at: 'waiting'; readonly nextTry: number; readonly error: string }
  | { readonly at: 'offline'; readonly nextTry: number }
  | { readonly at: 'needs-auth' }
  | { readonly at: 'upgrade-required'; readonly detail: string }
  | { readonly at: 'paused' };

/** OP1: everything an app's status line needs. */
export interface Status {
  readonly link: 'unknown' | 'up' | 'down';
  readonly phase: SyncPhase;
  readonly outbox: Readonly<Record<EntryState['at'], number>>;
  /** Of the catch-up under way: records staged so far; null when none is. */
  readonly progress: { readonly records: number; readonly bytes: number } | null;
  /** The first checkpoint has been reached: what is shown is a whole. */
  readonly ready: boolean;
  /** Milliseconds since 1970; null before the first. */
  readonly lastSync: number | null;
}

/** A typed query of the app: what Kysely's builders give. */
export type AppQuery<Row> = Compilable<Row>;
export type QueryBuilder<S> = Kysely<Tables<S>>;

/** One installation of an app for one user. In the browser it is a handle to the tab's worker. */
export interface Device<S extends Schema = Schema> {
  /** WR1: resolves once changes and outbox entries are durable. @throws InvalidWrite, HoldfastError */
  write(work: (tx: WriteTransaction<S>) => void, options?: WriteOptions): Promise<WriteReceipt>;
  /** Reads the visible state. */
  query<Row>(build: (db: QueryBuilder<S>) => AppQuery<Row>): Promise<Row[]>;
  /**
   * Calls back with the rows now and after each commit that touches what the query reads. Unchanged
   * rows keep their identity. Returns how to stop.
   */
  live<Row>(
    build: (db: QueryBuilder<S>) => AppQuery<Row>,
    onRows: (rows: readonly Row[]) => void,
    onError?: (error: unknown) => void,
  ): () => void;
  readonly status: Observable<Status>;
  readonly outbox: {
    /** Every entry, in the order made. */
    list(): Promise<readonly OutboxEntry[]>;
    /** Status of every record that is not simply sent, by `collection/id`. */
    readonly records: Observable<ReadonlyMap<string, RecordStatus>>;
  };
  /** One catch-up now, whatever the schedule says; resolves when it ended, with the status then. */
  sync(): Promise<Status>;
  /** Keeps everything, sends and asks nothing, until `resume`. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** A value one can read now and be told of. Fits React's `useSyncExternalStore`. */
export interface Observable<T> {
  get(): T;
  subscribe(listener: () => void): () => void;
}
