import { HoldfastError, invariant } from '@holdfast/core';
import type { Timers } from '../../ports/platform.ts';
import type { ReadTx, SqlRow, SqlValue, StorageDriver, WriteTx } from '../../ports/storage-driver.ts';
import { retryBusy } from './retry-busy.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { Turns } from './turns.ts';
import { type Patience, withinBound } from './within-bound.ts';

/** How long a write waits for another tab or process that holds the store. */
export const BUSY_BOUND_MS = 30_000;

export interface SqliteStorageDriverParts {
  readonly writer: SqliteConnection;
  /** A connection of its own for reads, where readers need not wait for the writer. */
  readonly reader?: SqliteConnection;
  readonly timers: Timers;
  readonly busyBoundMs?: number;
  /** Awaited between transactions, for what has to be let in meanwhile. */
  readonly takeBreak?: () => Promise<void>;
  /** Shared by drivers that share one connection. */
  readonly turns?: Turns;
}

/**
 * Transactions over one or two SQLite connections. A connection serves one transaction at a time, from
 * BEGIN to COMMIT, whatever its work awaits in between; the others queue.
 */
export class SqliteStorageDriver implements StorageDriver {
  readonly #writer: SqliteConnection;
  readonly #reader: SqliteConnection;
  readonly #writes: Turns;
  readonly #reads: Turns;
  readonly #patience: Patience;
  readonly #takeBreak: (() => Promise<void>) | undefined;
  /** Begins that were given up on and may still come. */
  readonly #late = new Map<SqliteConnection, Promise<void>>();
  #closing: Promise<void> | null = null;

  constructor(parts: SqliteStorageDriverParts) {
    const { writer, reader, timers, busyBoundMs = BUSY_BOUND_MS, turns = new Turns() } = parts;
    this.#writer = writer;
    this.#reader = reader ?? writer;
    this.#writes = turns;
    this.#reads = reader ? new Turns() : turns;
    this.#patience = { timers, boundMs: busyBoundMs };
    this.#takeBreak = parts.takeBreak;
  }

  async read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T> {
    this.#assertOpen();
    return this.#reads.take(() => this.#transact(this.#reader, beginRead, work));
  }

  async write<T>(work: (tx: WriteTx) => Promise<T>): Promise<T> {
    this.#assertOpen();
    return this.#writes.take(() => this.#transact(this.#writer, beginWrite, work));
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeWhenIdle();
    return this.#closing;
  }

  async #closeWhenIdle(): Promise<void> {
    await this.#reads.idle();
    await this.#writes.idle();
    for (const connection of new Set([this.#reader, this.#writer])) {
      // One that still waits for the store cannot close; it ends with its worker.
      if (!this.#late.has(connection)) await connection.close();
    }
  }

  #assertOpen(): void {
    if (this.#closing) throw new HoldfastError('StoreClosed');
  }

  async #transact<T>(
    connection: SqliteConnection,
    begin: (connection: SqliteConnection) => Promise<void>,
    work: (tx: WriteTx) => Promise<T>,
  ): Promise<T> {
    if (this.#takeBreak) await this.#takeBreak();
    await this.#begin(connection, begin);
    const tx = new Transaction(connection);
    try {
      const result = await work(tx);
      tx.end();
      await connection.run('COMMIT', []);
      return result;
    } catch (error) {
      tx.abandon();
      if (connection.inTransaction) await connection.run('ROLLBACK', []);
      throw error;
    }
  }

  /**
   * In a browser, asking for the store can hang on a tab that does not answer. The bound then holds
   * too: a begin that comes later than that is undone, and nothing else begins before it.
   */
  async #begin(connection: SqliteConnection, begin: (connection: SqliteConnection) => Promise<void>): Promise<void> {
    const late = this.#late.get(connection);
    const begun = Promise.resolve(late).then(() => retryBusy(this.#patience, () => begin(connection)));
    await withinBound(this.#patience, begun, () => {
      const undone: Promise<void> = begun
        .then(() => connection.run('ROLLBACK', []))
        .catch(() => 0)
        .then(() => {
          if (this.#late.get(connection) === undone) this.#late.delete(connection);
        });
      this.#late.set(connection, undone);
    });
  }
}

/** SQLite takes its snapshot at the first read, not at BEGIN; a read shows the state as it starts. */
async function beginRead(connection: SqliteConnection): Promise<void> {
  await connection.run('BEGIN', []);
  try {
    await connection.all('SELECT 1 FROM sqlite_master LIMIT 1', []);
  } catch (error) {
    if (connection.inTransaction) await connection.run('ROLLBACK', []);
    throw error;
  }
}

async function beginWrite(connection: SqliteConnection): Promise<void> {
  await connection.run('BEGIN IMMEDIATE', []);
}

class Transaction implements WriteTx {
  readonly #connection: SqliteConnection;
  #ended = false;
  #lost: unknown = null;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  all(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return this.#attempt(() => this.#connection.all(sql, parameters));
  }

  run(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return this.#attempt(() => this.#connection.run(sql, parameters));
  }

  runMany(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    return this.#attempt(() => this.#connection.runMany(sql, rows));
  }

  /** Before COMMIT. @throws what made SQLite give the transaction up, should `work` have swallowed it */
  end(): void {
    this.#ended = true;
    if (this.#lost) throw this.#lost;
  }

  abandon(): void {
    this.#ended = true;
  }

  async #attempt<T>(step: () => T | Promise<T>): Promise<T> {
    invariant(!this.#ended, 'a transaction was used after its end');
    // Outside a transaction each statement would commit by itself.
    if (this.#lost) throw this.#lost;
    try {
      return await step();
    } catch (error) {
      if (!this.#connection.inTransaction) this.#lost = error;
      throw error;
    }
  }
}
