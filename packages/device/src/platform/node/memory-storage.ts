import { HoldfastError } from '@holdfast/core';
import Database from 'better-sqlite3-multiple-ciphers';
import type { StoreFolder, Timers } from '../../ports/platform.ts';
import type { SqlRow } from '../../ports/storage-driver.ts';
import type { SqliteConnection } from '../sqlite/sqlite-connection.ts';
import { SqliteStorageDriver } from '../sqlite/sqlite-storage-driver.ts';
import { Turns } from '../sqlite/turns.ts';
import { NodeConnection } from './node-connection.ts';
import { nodeTimers } from './node-timers.ts';

/** A store folder in memory that outlives the drivers opened on it, as a disk outlives a process. */
export interface MemoryStorage extends StoreFolder {
  /**
   * What a kill does: the transaction under way is undone, drivers opened so far fail from now on, and
   * what they still have queued never runs. Committed writes stay.
   */
  crash(): void;
  /** Another disk with all that is committed, as a backup or a cloned machine has it. Between transactions only. */
  copy(options: MemoryStorageOptions): MemoryStorage;
  /** What a SELECT finds, past every driver; null while a transaction is under way. */
  look(sql: string): readonly SqlRow[] | null;
}

export interface MemoryStorageOptions {
  readonly timers?: Timers;
  /**
   * Asked before and after each statement of a transaction, BEGIN and COMMIT included: may throw what the
   * disk would, take its time, or crash the storage.
   */
  readonly onStatement?: (sql: string, moment: 'before' | 'after') => void | Promise<void>;
}

/** For simulations: unencrypted, any key opens it. Several drivers may be open at once, like tabs. */
export function memoryStorage(options: MemoryStorageOptions = {}): MemoryStorage {
  return storageIn(new Database(':memory:'), options);
}

function storageIn(database: Database.Database, options: MemoryStorageOptions): MemoryStorage {
  const { timers = nodeTimers(), onStatement } = options;
  const connection = new NodeConnection(database);
  let slots: string | null = null;
  let life = { over: false, turns: new Turns() };
  return {
    async openDatabase() {
      return new SqliteStorageDriver({ writer: mortal(connection, life, onStatement), timers, turns: life.turns });
    },
    async readSlots() {
      return slots;
    },
    async writeSlots(text) {
      slots = text;
    },
    crash() {
      life.over = true;
      if (connection.inTransaction) connection.run('ROLLBACK', []);
      life = { over: false, turns: new Turns() };
    },
    copy(own) {
      return storageIn(new Database(database.serialize()), own);
    },
    look(sql) {
      return connection.inTransaction ? null : connection.all(sql, []);
    },
  };
}

/** The shared connection as one life of the process sees it: closing keeps it, and dead hands do nothing. */
function mortal(
  connection: NodeConnection,
  life: { readonly over: boolean },
  onStatement: MemoryStorageOptions['onStatement'],
): SqliteConnection {
  const living = () => {
    if (life.over) throw new HoldfastError('StoreClosed', 'killed by the simulation');
    return connection;
  };
  const watched = <T>(sql: string, work: () => T): T | Promise<T> => {
    living();
    if (onStatement === undefined) return work();
    return whenDone(onStatement(sql, 'before'), () => {
      living();
      const result = work();
      return whenDone(onStatement(sql, 'after'), () => {
        living();
        return result;
      });
    });
  };
  return {
    all: (sql, parameters) => watched(sql, () => connection.all(sql, parameters)),
    run: (sql, parameters) => watched(sql, () => connection.run(sql, parameters)),
    runMany: (sql, rows) => watched(sql, () => connection.runMany(sql, rows)),
    get inTransaction() {
      return !life.over && connection.inTransaction;
    },
    close() {},
  };
}

/** At once where there is nothing to wait for, as a disk in memory answers. */
function whenDone<T>(waited: void | Promise<void>, next: () => T | Promise<T>): T | Promise<T> {
  return waited === undefined ? next() : waited.then(next);
}
