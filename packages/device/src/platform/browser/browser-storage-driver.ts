import type { Timers } from '../../ports/platform.ts';
import type { DatabaseKey, StorageDriver } from '../../ports/storage-driver.ts';
import { openingStatements } from '../sqlite/opening-statements.ts';
import { retryBusy } from '../sqlite/retry-busy.ts';
import { BUSY_BOUND_MS, SqliteStorageDriver } from '../sqlite/sqlite-storage-driver.ts';
import { withinBound } from '../sqlite/within-bound.ts';
import { browserTimers } from './browser-timers.ts';
import { type LoadedSqlite, type LoadSqliteOptions, loadSqlite } from './load-sqlite.ts';
import { taskBreaks } from './task-breaks.ts';
import { WaConnection, withBrowserErrors } from './wa-connection.ts';

export interface BrowserStorageDriverOptions extends LoadSqliteOptions {
  readonly key: DatabaseKey;
  readonly timers?: Timers;
  /** How long to wait for another tab that holds the store, in milliseconds. */
  readonly busyBoundMs?: number;
  /** Loads SQLite over a file system of the caller's choice. */
  readonly load?: (options: LoadSqliteOptions) => Promise<LoadedSqlite>;
  /** Awaited between transactions: lets in what has to be heard meanwhile. */
  readonly takeBreak?: () => Promise<void>;
}

/**
 * Opens the encrypted database of a store, or makes it. For dedicated workers; any number of tabs may
 * have it open. A commit has been flushed (synchronous=EXTRA, rollback journal) when its promise resolves.
 *
 * @throws HoldfastError `WrongKey` (nothing was changed), `StoreBusy`, `StoreDamaged`, `StoreFull`
 */
export async function openBrowserStorageDriver(options: BrowserStorageDriverOptions): Promise<StorageDriver> {
  const {
    timers = browserTimers(),
    busyBoundMs = BUSY_BOUND_MS,
    load = loadSqlite,
    takeBreak = taskBreaks(),
  } = options;
  const patience = { timers, boundMs: busyBoundMs };
  const opening = retryBusy(patience, () => openConnection(load, options));
  const writer = await withinBound(patience, opening, () => {
    opening.then((late) => late.close()).catch(() => {});
  });
  return new SqliteStorageDriver({ writer, timers, busyBoundMs, takeBreak });
}

async function openConnection(
  load: (options: LoadSqliteOptions) => Promise<LoadedSqlite>,
  options: BrowserStorageDriverOptions,
): Promise<WaConnection> {
  return withBrowserErrors('opening', async () => {
    const loaded = await load(options);
    const { sqlite3, file } = loaded;
    let db: number | null = null;
    try {
      db = await sqlite3.open_v2(file);
      // No `busy_timeout`: with OPFS it traps. Waiting happens outside.
      for (const statement of openingStatements(options.key)) await sqlite3.exec(db, statement);
      // The first page proves the key, before anything is written.
      await sqlite3.exec(db, 'SELECT count(*) FROM sqlite_master');
      // EXTRA: a commit ends with its journal, and is durable when that is gone for good.
      await sqlite3.exec(db, 'PRAGMA synchronous=EXTRA');
      await sqlite3.exec(db, 'PRAGMA cache_size=-16000');
      return new WaConnection(loaded, db);
    } catch (error) {
      if (db !== null) await sqlite3.close(db).catch(() => 0);
      loaded.dispose();
      throw error;
    }
  });
}
