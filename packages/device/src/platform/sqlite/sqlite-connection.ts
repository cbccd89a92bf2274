import type { SqlRow, SqlValue } from '../../ports/storage-driver.ts';

/**
 * One open, keyed database connection. The native one answers at once, the one in the browser later.
 * Errors are those of the store already (`toStoreError`).
 */
export interface SqliteConnection {
  /** Rows of a statement that only reads. */
  all(sql: string, parameters: readonly SqlValue[]): readonly SqlRow[] | Promise<readonly SqlRow[]>;
  /** Gives the number of rows changed. */
  run(sql: string, parameters: readonly SqlValue[]): number | Promise<number>;
  runMany(sql: string, rows: readonly (readonly SqlValue[])[]): void | Promise<void>;
  /** False once SQLite has rolled back of its own accord, as it does when the disk is full. */
  readonly inTransaction: boolean;
  close(): void | Promise<void>;
}
