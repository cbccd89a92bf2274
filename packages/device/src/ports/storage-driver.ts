/** What SQLite stores and gives back. Booleans are 0 and 1 here; the query layer turns them back. */
export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface ReadTx {
  /** All rows of one SELECT. Statements are prepared once and kept. */
  all(sql: string, parameters?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}

export interface WriteTx extends ReadTx {
  /** One INSERT, UPDATE, DELETE or DDL statement; gives the number of rows it changed. */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<number>;
  /** The same statement for each row of parameters, in order. */
  runMany(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void>;
}

/**
 * Where a device keeps its rows: an encrypted SQLite database. One writer at a time over all tabs and
 * processes; readers see the state before or after a write, never between. A write is durable when its
 * promise resolves; if `work` throws, or the process dies, nothing of it is there.
 *
 * Fails with HoldfastError `WrongKey` (at `open`), `StoreFull`, `StoreBusy`, `StoreDamaged` (a page
 * without its seal, at any time) or `StoreClosed`.
 */
export interface StorageDriver {
  read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T>;
  write<T>(work: (tx: WriteTx) => Promise<T>): Promise<T>;
  /** Waits for what is under way. Every later call fails with `StoreClosed`. */
  close(): Promise<void>;
}

/** 32 random bytes of key and 16 of salt, in raw-key mode: no key derivation at each open. */
export interface DatabaseKey {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
}
