import type {
  Cursor,
  DeviceId,
  Epoch,
  Json,
  MutationId,
  OverriddenLater,
  Position,
  Receipt,
  RecordState,
  Result,
  Scope,
  Snapshot,
  Stamp,
  TransactionId,
  UserId,
  Version,
} from '@holdfast/core';
import type { AuditEntry, AuditPage, AuditRequest, OverriddenRequest } from './audit.ts';
import type { BayEntry, BayPage, BayRequest, StoredBayEntry } from './bay.ts';
import type { RecordKey } from './record-key.ts';

export type { RecordKey } from './record-key.ts';

/** A version of one record. */
export interface RecordVersion {
  readonly collection: string;
  readonly record: string;
  readonly version: Version;
}

/** The outcome of a mutation, kept for ever; what SV1 rests on. */
export interface AppliedRow {
  readonly id: MutationId;
  readonly transaction: TransactionId;
  readonly device: DeviceId;
  readonly user: UserId;
  readonly fingerprint: string;
  /** As sent: a refused one may name a collection that the schema does not know. */
  readonly collection: string;
  readonly record: string;
  /** The version it made; null where it changed nothing. */
  readonly version: Version | null;
  /** The versions that a command made; empty for all others. */
  readonly touched: readonly RecordVersion[];
  /** The mutations it stands for; empty for most. */
  readonly resolves: readonly MutationId[];
  readonly receipt: WithoutPosition<Receipt>;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** A receipt before its transaction has a number. */
export type WithoutPosition<T> = DistributiveOmit<T, 'position'>;

/** An applied row as it stands in the database. */
export interface StoredApplied extends Omit<AppliedRow, 'receipt'> {
  readonly position: Position;
  readonly receipt: Receipt;
}

/** A record under its lock, with the scopes it is in. */
export interface LoadedRecord {
  readonly state: RecordState;
  /** The scopes it is present in; empty for a deleted one. */
  readonly scopes: readonly Scope[];
  /** The scopes it was in when it was deleted; empty for a living one, and once its content is forgotten (SV3). */
  readonly lastScopes: readonly Scope[];
}

export interface LoadRequest {
  readonly device: DeviceId;
  /** Ids to look up in `hf_applied`. */
  readonly ids: readonly MutationId[];
  /** Records that will be changed: locked against every other writer. */
  readonly records: readonly RecordKey[];
  /** Records that scopes will be inherited from: locked so that their scopes cannot move. */
  readonly parents: readonly RecordKey[];
}

export interface Loaded {
  /** The epoch in force: none begins before the transaction ends. */
  readonly epoch: Epoch;
  /** The rows of `ids`, and every row that resolves one of them, directly or through another. */
  readonly applied: ReadonlyMap<MutationId, StoredApplied>;
  /**
   * By `recordKey`: all of `records` and `parents` that exist or once did, and every record that those of
   * `records` inherit their scopes from, deleted ones by their last content.
   */
  readonly records: ReadonlyMap<string, LoadedRecord>;
}

/** Field values under one stamp; `tie` is the mutation's id. */
export interface StampedChange {
  readonly values: Readonly<Record<string, Json>>;
  readonly stamp: Stamp;
  readonly tie: MutationId;
}

/**
 * Changes of one kind to records of one collection, written by one statement; each record once. Each
 * raises its records' counts by one. `insert` also brings back a deleted record; its changes together
 * hold every field, and each field takes stamp and tie of the last change that holds it. A row of a
 * `delete` has one change, without values, for its stamp.
 */
export interface RecordBatch {
  readonly collection: string;
  readonly kind: 'insert' | 'update' | 'delete';
  readonly rows: readonly { readonly id: string; readonly changes: readonly StampedChange[] }[];
}

/** All that one exchange, or one device transaction, does. */
export interface Effects {
  /** In this order. */
  readonly batches: readonly RecordBatch[];
  readonly applied: readonly AppliedRow[];
  readonly audit: readonly AuditEntry[];
  readonly bay: readonly BayEntry[];
  /** The server's time, in milliseconds since 1970: what audit and bay are dated by. */
  readonly at: number;
  /** Whose work it is: the `by` and `authority` of every field mark. */
  readonly by: UserId;
  readonly authority: string | null;
}

/** Why effects could not be written: the database refused them. Everything of this `apply` is undone. */
export interface ApplyProblem {
  readonly detail: string;
}

export interface ServerTransaction {
  /**
   * Binds the device to the user at its first contact and notes this one. `taken` when the id belongs to
   * another user: nothing may then be done in its name. `floor`: what the device had read when it made the
   * oldest work that it has not sent yet; no tombstone that it may still need is forgotten. Null where it
   * has read nothing: then from now on, for what it reads next is no older. A new epoch begins for all devices.
   */
  meetDevice(device: DeviceId, user: UserId, floor?: Snapshot | null): Promise<'known' | 'taken'>;
  /**
   * Reads and locks, in the order of (collection, id). What it returns stays true until the transaction
   * ends. Called at most once in a transaction.
   */
  load(request: LoadRequest): Promise<Loaded>;
  /**
   * Writes under a savepoint: all of the effects, or none and the reason. What a mutation that takes effect
   * resolves is closed in the bay, for its own user.
   */
  apply(effects: Effects): Promise<Result<null, ApplyProblem>>;
  /** Forgets the bodies of these receipts; their outcomes stay. */
  acknowledge(device: DeviceId, receipts: readonly MutationId[]): Promise<void>;
  /** This transaction's number. */
  position(): Promise<Position>;
}

/** One record in one scope, as the feed has it now. */
export interface FeedRow {
  readonly scope: Scope;
  readonly collection: string;
  readonly id: string;
  readonly present: boolean;
  /** The transaction in which the record came into this scope. */
  readonly entered: Position;
  readonly version: Version;
  /** Its highest stamp is earlier than was asked for, and it would come whole: it comes without values. */
  readonly aged: boolean;
  /** All values now; null where the row only says that the record left, and where it is aged. */
  readonly values: Readonly<Record<string, Json>> | null;
  /** For each field that changed since the record's creation: the transaction of its last change. */
  readonly changedIn: Readonly<Record<string, Position>>;
  /** The transaction that created the record, or brought it back. */
  readonly createdIn: Position;
  /** The highest stamp of the record. */
  readonly stamp: Stamp;
}

export interface FeedRequest {
  readonly device: DeviceId;
  /** The scopes to read. Those in `since.scopes` give their changes, the others all that is present. */
  readonly scopes: readonly Scope[];
  readonly since: Cursor | null;
  /** Collection names in the order in which they are sent. */
  readonly collections: readonly string[];
  /** Start after this row, in the order (place in `collections`, scope, id). */
  readonly after: readonly [number, string, string] | null;
  /** Rows at the most. */
  readonly limit: number;
  /** Bytes of values after which no further row is read; the first row always is. Default: no bound. */
  readonly maxBytes?: number;
  /** Which receipts to bring: those after the one named, or none at all. Default: all there are. */
  readonly receipts?: { readonly after: ReceiptPlace | null } | 'none';
  /** Records of an earlier stamp come as `aged`, where they would come whole (SY14). Default: none do. */
  readonly agedBefore?: Stamp | null;
  /** Records to bring by their address, as far as they are present in one of `allowed`. */
  readonly records?: { readonly keys: readonly RecordKey[]; readonly allowed: readonly Scope[] };
  /** Asks for a checksum of every scope, where this read ends with its last row (SY16). */
  readonly checksums?: boolean;
}

/** Receipts stand in this order. */
export type ReceiptPlace = readonly [Position, MutationId];

/** A record as it is now, for one who may see it. */
export interface FetchedRecord extends RecordKey {
  /** Null where there is none that may be seen. */
  readonly found: { readonly version: Version; readonly values: Readonly<Record<string, Json>> } | null;
}

export interface FeedRead {
  /** Of the one statement that read all of this. */
  readonly snapshot: Snapshot;
  /** The epoch in force at that moment. */
  readonly epoch: Epoch;
  readonly rows: readonly FeedRow[];
  /** There are more rows after the last one. */
  readonly more: boolean;
  /** This device's unacknowledged receipts that the snapshot holds and `since` does not. */
  readonly receipts: readonly Receipt[];
  /**
   * For each of them that shows what a record holds: the scopes the record is in now; for a deleted one
   * those it was in.
   */
  readonly shownIn: ReadonlyMap<MutationId, readonly Scope[]>;
  /** There are more receipts after the last one: they did not fit into `maxBytes`. */
  readonly moreReceipts: boolean;
  /** Of the records asked for by address; those that did not fit into `maxBytes` are left out. */
  readonly fetched: readonly FetchedRecord[];
  /** Of every scope that was read, over the collections that were; null where rows are left, or nobody asked. */
  readonly checksums: ReadonlyMap<Scope, string> | null;
  /** Tombstones are forgotten up to here; a reader that has not read so far has to begin anew. Null: none are. */
  readonly horizon: Snapshot | null;
  /** What the last verified backup holds; null while nobody has said. */
  readonly durable: Snapshot | null;
}

/** What a compaction forgot. */
export interface Compaction {
  readonly horizon: Snapshot | null;
  /** Feed rows that only said that a record had left. */
  readonly rows: number;
  /** Deleted records whose last content is gone. */
  readonly records: number;
}

/** A row to load from outside, as any other program would write it. */
export interface ImportRow {
  readonly id: string;
  readonly values: Readonly<Record<string, Json>>;
}

/**
 * Where the server keeps everything. Serializable per record: what a transaction loads is locked until
 * it ends; its effects, outcomes and feed rows appear together or not at all, and are durable when
 * `transaction` resolves (as far as the database promises that; PGlite runs without fsync). A cursor
 * made of a read's snapshot names exactly the transactions that read has seen.
 *
 * Deadlocks and serialization failures are repeated inside, bounded and with jitter; they are never an
 * answer. `work` may therefore run more than once.
 */
export interface ServerStore {
  readonly kind: 'memory' | 'pglite' | 'postgres';
  /** The epoch as this process last heard of it. */
  readonly epoch: Epoch;
  transaction<T>(work: (tx: ServerTransaction) => Promise<T>): Promise<T>;
  /** One statement, one snapshot. */
  read(request: FeedRequest): Promise<FeedRead>;
  /** Upserts rows straight into a collection's table; they reach devices like any change (SV4). */
  importRows(collection: string, rows: readonly ImportRow[]): Promise<void>;
  /**
   * Begins a new epoch, after the database was put back to an earlier day (SY11): every position becomes
   * that of this transaction, and every device reads anew. Waits for what is under way.
   */
  newEpoch(): Promise<Epoch>;
  /** Notes what a backup that begins after this will hold at the least. */
  backupBegins(): Promise<Snapshot>;
  /** The backup begun last is there and was tried: devices may forget what it holds. Null where none began. */
  backupDone(): Promise<Snapshot | null>;
  /**
   * Forgets tombstones (SV3): what every device that was seen since `seenSinceMs` (milliseconds since 1970)
   * has read, and has sent all its older work upon. The deleted records stay, without their content.
   */
  compact(seenSinceMs: number): Promise<Compaction>;
  /** How many living records each collection has. */
  counts(): Promise<Readonly<Record<string, number>>>;
  /** CF4: who lost which value, to whom and why; the newest first. */
  readAudit(request: AuditRequest): Promise<AuditPage>;
  /** CF5, CF6: what of a user's applied work others have overridden, unseen, in the order in which it was noted. */
  readOverridden(request: OverriddenRequest): Promise<readonly OverriddenLater[]>;
  /** SV9: what was refused or conflicted, as it came; the newest first. */
  readBay(request: BayRequest): Promise<BayPage>;
  /** One entry of the bay, by the id of any mutation in it; null where there is none. */
  findInBay(mutation: MutationId): Promise<StoredBayEntry | null>;
  /** Tells of scopes with news after a commit, by whichever process made it. Returns how to stop. */
  onNews(listener: (scopes: readonly Scope[]) => void): () => void;
  close(): Promise<void>;
}

export function recordKey(collection: string, id: string): string {
  return `${collection}/${id}`;
}
