import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3-multiple-ciphers';
import type { Timers } from '../../ports/platform.ts';
import type { DatabaseKey, StorageDriver } from '../../ports/storage-driver.ts';
import { openingStatements } from '../sqlite/opening-statements.ts';
import { retryBusy } from '../sqlite/retry-busy.ts';
import { BUSY_BOUND_MS, SqliteStorageDriver } from '../sqlite/sqlite-storage-driver.ts';
import { toFileError } from './file-error.ts';
import { NodeConnection, withStoreErrors } from './node-connection.ts';
import { nodeTimers } from './node-timers.ts';

export interface NodeStorageDriverOptions {
  /** Path of the database file; its folder exists. */
  readonly file: string;
  readonly key: DatabaseKey;
  readonly timers?: Timers;
  /** How long to wait for another process that holds the store, in milliseconds. */
  readonly busyBoundMs?: number;
}

/**
 * Opens the encrypted database in `file`, or makes it. A commit has reached the disk (WAL with
 * synchronous=FULL) when its promise resolves.
 *
 * @throws HoldfastError `WrongKey` (the file is untouched), `StoreBusy`, `StoreDamaged`, `DataFolderReadOnly`
 */
export async function openNodeStorageDriver(options: NodeStorageDriverOptions): Promise<StorageDriver> {
  const { file, key, timers = nodeTimers(), busyBoundMs = BUSY_BOUND_MS } = options;
  const open = (use: (db: Database.Database) => void) =>
    retryBusy({ timers, boundMs: busyBoundMs }, () => openConnection(file, key, use));
  const writer = await open((db) => {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    // 16 MB instead of 4: a catch-up that touches a few hundred records of each table writes 4 MB, and would copy
    // all of it into the file before it is done, every time.
    db.pragma('wal_autocheckpoint = 4000');
  });
  try {
    const reader = await open((db) => db.pragma('query_only = ON'));
    return new SqliteStorageDriver({ writer, reader, timers, busyBoundMs });
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** An unencrypted store in memory, for simulations and tests. Gone when closed. */
export function memoryStorageDriver(timers: Timers = nodeTimers()): StorageDriver {
  return new SqliteStorageDriver({ writer: new NodeConnection(new Database(':memory:')), timers });
}

function openConnection(file: string, key: DatabaseKey, use: (db: Database.Database) => void): NodeConnection {
  return withStoreErrors('opening', () => {
    ownerOnly(file);
    // Waiting happens outside: SQLite's own would block the whole process.
    const db = new Database(file, { timeout: 0 });
    try {
      for (const statement of openingStatements(key)) db.exec(statement);
      // The first page proves the key, before anything is written.
      db.prepare('SELECT count(*) FROM sqlite_master').get();
      use(db);
      return new NodeConnection(db);
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** SQLite gives its journals the mode of the database file, but makes that one readable to all. */
function ownerOnly(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600));
  } catch (error) {
    throw toFileError(error);
  }
}
