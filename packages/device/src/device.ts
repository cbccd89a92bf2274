import type { CommandArgs, CreateInput, JsonObject, RecordId, Schema, Tables, UpdateInput } from '@holdfast/core';
import type { Compilable, Kysely, Selectable } from 'kysely';
import type { AuditEntry, AuditFilter } from './audit/audit-store.ts';
import type { Overridden } from './audit/overridden-store.ts';
import type { ConflictChoice } from './bay/choice.ts';
import type { Conflict } from './bay/conflicts.ts';
import type { EntryState } from './outbox/entry-state.ts';
import type { Difference } from './rebase/verify.ts';
import type { Intent } from './write/intent.ts';

export type { EntryState } from './outbox/entry-state.ts';

/** Options of one write. */
export interface WriteOptions {
  /** Overrides the collection's priority; 1 goes first. */
  readonly priority?: number;
  /** Mutations made before that have to be applied first (OB3), beside what is found from references. */
  readonly waitFor?: readonly string[];
}

/** The changes of one transaction, collection by collection. Nothing is stored until `write` resolves. */
export type WriteTransaction<S extends Schema> =
  S extends Schema<infer C, infer M>
    ? { readonly [Name in keyof C & string]: CollectionWriter<C[Name], Name> } & {
        /** A named operation of the backend, beside the changes of this transaction. */
        command<Name extends keyof M & string>(name: Name, args: CommandArgs<M[Name]>): void;
      }
    : never;

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

export interface OutboxEntry {
  readonly id: string;
  readonly transaction: string;
  readonly kind: 'create' | 'update' | 'delete' | 'restore' | 'command' | 'discard';
  /** Empty, as `record`, for commands and discards: they belong to no single record. */
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
  /** Of the catch-up under way: records, and bytes, that have come so far; null when none is. */
  readonly progress: { readonly records: number; readonly bytes: number } | null;
  /** Before the first checkpoint: the collections of which everything is shown already, as they came (SY9). */
  readonly early: readonly string[];
  /** The first checkpoint has been reached: what is shown is a whole. */
  readonly ready: boolean;
  /** Milliseconds since 1970; null before the first. */
  readonly lastSync: number | null;
}

/** A typed query of the app: what Kysely's builders give. */
export type AppQuery<Row> = Compilable<Row>;
export type QueryBuilder<S> = Kysely<Tables<S>>;

/** What came of a discard: done, or what would have to be discarded with it. */
export type Discarding =
  | { readonly done: true }
  | { readonly done: false; readonly dependants: readonly OutboxEntry[] };

/** What an app does before and after each write. */
export interface WriteHooks {
  /** Sees what is about to be written; what it throws stops the write. */
  readonly beforeWrite?: (intents: readonly Intent[]) => void | Promise<void>;
  /** Sees what was written; what it throws is reported and stops nothing. */
  readonly afterWrite?: (receipt: WriteReceipt) => void | Promise<void>;
}

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
  /** What waits for a person because others changed the same (CF7). */
  readonly conflicts: {
    list(): Promise<readonly Conflict[]>;
    /**
     * Decides a conflicted transaction, entry by entry and field by field. `id`: any of its entries.
     * @throws InvalidWrite where something is left undecided; HoldfastError `NotInOutbox`, `NotAside`
     */
    resolve(id: string, choices: Readonly<Record<string, ConflictChoice>>): Promise<WriteReceipt>;
  };
  /** Who changed or lost what, and what people decided: of one record, or of one user; the latest first. */
  audit(filter: AuditFilter): Promise<readonly AuditEntry[]>;
  /** CF6: records in which a higher rank's value stands, until somebody has seen it. */
  readonly overridden: {
    list(): Promise<readonly Overridden[]>;
    seen(collection: string, record: string): Promise<void>;
  };
  /** SY5: recomputes what is seen from nothing, and reports every difference; empty is what everybody wants. */
  verify(): Promise<readonly Difference[]>;
  readonly status: Observable<Status>;
  readonly outbox: {
    /** Every entry, in the order made. */
    list(): Promise<readonly OutboxEntry[]>;
    /**
     * Sends a refused or conflicted entry's transaction again, as it is, under new ids (OB10).
     * @throws HoldfastError `NotInOutbox`, `NotAside`
     */
    resend(id: string): Promise<WriteReceipt>;
    /**
     * The same with other values, by entry id; what is typed anew is upon what is shown now.
     * @throws InvalidWrite, HoldfastError `NotInOutbox`, `NotAside`
     */
    edit(id: string, values: Readonly<Record<string, JsonObject>>): Promise<WriteReceipt>;
    /**
     * Gives an entry's transaction up (OB11). What depends on it is listed first, and nothing done, unless
     * `withDependants` is set.
     * @throws HoldfastError `NotInOutbox`, `AlreadyAnswered`
     */
    discard(id: string, options?: { readonly withDependants?: boolean }): Promise<Discarding>;
    /** These entries, or all, with everything they hold, as JSON to keep. */
    export(ids?: readonly string[]): Promise<string>;
    /** Status of every record that is not simply sent, by `collection/id`. */
    readonly records: Observable<ReadonlyMap<string, RecordStatus>>;
  };
  /**
   * One record: as it is shown here or, where it is not on this device, as the server has it now (SY14). One
   * that was given up for its age is then shown again for a while.
   * @throws HoldfastError `RecordNotFound`, also where it may not be seen; `Offline`, `NotAuthenticated`
   */
  fetch<Name extends keyof Tables<S> & string>(collection: Name, id: string): Promise<Selectable<Tables<S>[Name]>>;
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
