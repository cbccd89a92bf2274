import { invariant } from '@holdfast/core';
import { Factory } from '@journeyapps/wa-sqlite';
import { opfsVfs, type Vfs } from './opfs-vfs.ts';

/** What is used of the WebAssembly module besides its SQLite interface. */
export interface SqliteModule {
  ccall(name: string, returns: 'number', types: readonly string[], values: readonly unknown[]): number;
}

export interface LoadedSqlite {
  readonly sqlite3: SQLiteAPI;
  readonly vfs: SQLiteVFS;
  /** Path of the database in its file system. */
  readonly file: string;
  /** The interface binds empty bytes as NULL. */
  bindEmptyBlob(statement: number, index: number): void;
  /** Gives up what the file system holds. */
  dispose(): void;
}

export interface LoadSqliteOptions {
  /** The store's own name; at most 40 letters, digits and hyphens. */
  readonly store: string;
  /** Where to load the WebAssembly from, when it does not lie beside its script. */
  readonly wasmUrl?: string;
}

/** True where OPFS files can be written in place: dedicated workers of all current browsers. */
export function hasOpfsHandles(): boolean {
  return typeof FileSystemFileHandle !== 'undefined' && 'createSyncAccessHandle' in FileSystemFileHandle.prototype;
}

/** SQLite over OPFS, or over IndexedDB where there are no OPFS handles. Each call loads one of its own. */
export async function loadSqlite(options: LoadSqliteOptions): Promise<LoadedSqlite> {
  return hasOpfsHandles() ? loadOverOpfs(options) : loadOverIdb(options);
}

let early: Promise<SqliteModule> | null = null;

/**
 * Begins to load SQLite before it is known which store will be opened: fetching and compiling it takes
 * as long as unlocking the keys does. The next store that is opened takes it.
 */
export function preloadSqlite(wasmUrl: string | undefined): void {
  if (early !== null || !hasOpfsHandles()) return;
  early = loadModule(wasmUrl);
  // Whoever opens the store meets the failure, by loading it again.
  early.catch(() => {
    early = null;
  });
}

async function loadModule(wasmUrl: string | undefined): Promise<SqliteModule> {
  const { default: factory } = await import('@journeyapps/wa-sqlite/dist/mc-wa-sqlite.mjs');
  return factory(locate(wasmUrl));
}

export async function loadOverOpfs({ store, wasmUrl }: LoadSqliteOptions): Promise<LoadedSqlite> {
  const preloaded = early;
  early = null;
  const module = await (preloaded ?? loadModule(wasmUrl));
  const sqlite3 = Factory(module);
  return { ...encrypting(module, sqlite3, await opfsVfs(module)), file: `holdfast/${store}/store.db` };
}

/** About six times slower a write, but it needs nothing except IndexedDB. */
export async function loadOverIdb({ store, wasmUrl }: LoadSqliteOptions): Promise<LoadedSqlite> {
  const { default: factory } = await import('@journeyapps/wa-sqlite/dist/mc-wa-sqlite-async.mjs');
  const { idbVfs } = await import('./idb-vfs.ts');
  const module: SqliteModule = await factory(locate(wasmUrl));
  const sqlite3 = Factory(module);
  return { ...encrypting(module, sqlite3, await idbVfs(`holdfast-${store}`, module)), file: 'store.db' };
}

/** Puts the page cipher in front of the file system. */
export function encrypting(
  module: SqliteModule,
  sqlite3: SQLiteAPI,
  { vfs, dispose }: Vfs,
): Omit<LoadedSqlite, 'file'> {
  sqlite3.vfs_register(vfs, true);
  const code = module.ccall('sqlite3mc_vfs_create', 'number', ['string', 'number'], [vfs.name, 1]);
  invariant(code === 0, `the cipher did not take the file system (${code})`);
  const bindEmptyBlob = (statement: number, index: number) => {
    module.ccall('sqlite3_bind_zeroblob', 'number', ['number', 'number', 'number'], [statement, index, 0]);
  };
  return { sqlite3, vfs, bindEmptyBlob, dispose };
}

function locate(wasmUrl: string | undefined): object {
  return wasmUrl === undefined ? {} : { locateFile: () => wasmUrl };
}
