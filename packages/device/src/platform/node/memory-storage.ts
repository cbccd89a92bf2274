import { HoldfastError } from '@holdfast/core';
import Database from 'better-sqlite3-multiple-ciphers';
import type { StoreFolder, Timers } from '../../ports/platform.ts';
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
}

/** For simulations: unencrypted, any key opens it. Several drivers may be open at once, like tabs. */
export function memoryStorage(timers: Timers = nodeTimers()): MemoryStorage {
  const connection = new NodeConnection(new Database(':memory:'));
  let slots: string | null = null;
  let life = { over: false, turns: new Turns() };
  return {
    async openDatabase() {
      return new SqliteStorageDriver({ writer: mortal(connection, life), timers, turns: life.turns });
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
  };
}

/** The shared connection as one life of the process sees it: closing keeps it, and dead hands do nothing. */
function mortal(connection: NodeConnection, life: { readonly over: boolean }): SqliteConnection {
  const living = () => {
    if (life.over) throw new HoldfastError('StoreClosed', 'killed by the simulation');
    return connection;
  };
  return {
    all: (sql, parameters) => living().all(sql, parameters),
    run: (sql, parameters) => living().run(sql, parameters),
    runMany: (sql, rows) => living().runMany(sql, rows),
    get inTransaction() {
      return !life.over && connection.inTransaction;
    },
    close() {},
  };
}
