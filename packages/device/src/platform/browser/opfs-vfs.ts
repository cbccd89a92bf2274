/// <reference path="./wa-sqlite.d.ts" />
import { OPFSCoopSyncVFS } from '@journeyapps/wa-sqlite/src/examples/OPFSCoopSyncVFS.js';
import { SQLITE_FULL, SQLITE_IOERR_DELETE, SQLITE_OK } from '@journeyapps/wa-sqlite/src/sqlite-constants.js';

const DEAD_HANDLE_PAUSE_MS = 25;

/** A file system for SQLite over OPFS, and how to give up what it holds. */
export interface Vfs {
  readonly vfs: SQLiteVFS;
  dispose(): void;
}

/**
 * `OPFSCoopSyncVFS`, whose tabs hand the files' access handles to each other, with four things mended.
 * Only dedicated workers have such handles.
 */
export async function opfsVfs(module: object): Promise<Vfs> {
  const vfs = await OPFSCoopSyncVFS.create('holdfast-opfs', module);
  waitForTheDead(vfs);
  seeJournalsOfOthers(vfs);
  tellWhenFull(vfs);
  deleteForGood(vfs);
  return { vfs, dispose: () => dispose(vfs) };
}

/**
 * A tab that has died can leave its handles locked for some seconds after its Web Lock is gone. The
 * class opens three handles at a time, and when one fails it forgets those that are still coming: they
 * would lock the store for good. So each waits until it succeeds. The Web Lock is held meanwhile, which
 * leaves nobody else to wait for.
 */
function waitForTheDead(vfs: OPFSCoopSyncVFS): void {
  const { persistentFiles } = vfs;
  const keep = persistentFiles.set;
  persistentFiles.set = (path, file) => {
    const handle = file.fileHandle;
    if (handle)
      file.fileHandle = { createSyncAccessHandle: () => openPatiently(() => handle.createSyncAccessHandle()) };
    return keep.call(persistentFiles, path, file);
  };
}

async function openPatiently<T>(open: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!isDomError(error, 'NoModificationAllowedError')) throw error;
    }
    await new Promise((resume) => setTimeout(resume, DEAD_HANDLE_PAUSE_MS));
  }
}

/**
 * The class remembers from the opening which files exist. But a tab that dies inside a commit leaves
 * its journal behind, and whoever reads next has to find it and undo that commit; so the file itself
 * is asked. SQLite only asks while this tab has the handles.
 */
function seeJournalsOfOthers(vfs: OPFSCoopSyncVFS): void {
  const asRemembered = vfs.jAccess;
  vfs.jAccess = (name, flags, result) => {
    const { pathname } = new URL(name, 'file://');
    const handle = vfs.persistentFiles.get(pathname)?.accessHandle;
    if (handle) {
      if (handle.getSize() > 0) vfs.accessiblePaths.add(pathname);
      else vfs.accessiblePaths.delete(pathname);
    }
    return asRemembered.call(vfs, name, flags, result);
  };
}

/** An exceeded quota is a full disk, not a broken one. */
function tellWhenFull(vfs: OPFSCoopSyncVFS): void {
  const { jWrite, jTruncate, jSync } = vfs;
  const orFull = (code: number) =>
    code !== SQLITE_OK && isDomError(vfs.lastError, 'QuotaExceededError') ? SQLITE_FULL : code;
  vfs.jWrite = (...args) => orFull(jWrite.apply(vfs, args));
  vfs.jTruncate = (...args) => orFull(jTruncate.apply(vfs, args));
  vfs.jSync = (...args) => orFull(jSync.apply(vfs, args));
}

/**
 * A journal that comes back after a power cut undoes a commit that was durable, or damages the store when
 * the next one was being written over it. The class empties it and leaves it at that.
 */
function deleteForGood(vfs: OPFSCoopSyncVFS): void {
  const { jDelete } = vfs;
  vfs.jDelete = (name, syncDir) => {
    const code = jDelete.call(vfs, name, syncDir);
    if (code !== SQLITE_OK || syncDir === 0) return code;
    try {
      vfs.persistentFiles.get(new URL(name, 'file://').pathname)?.accessHandle?.flush();
      return SQLITE_OK;
    } catch (error) {
      vfs.lastError = error;
      return SQLITE_IOERR_DELETE;
    }
  };
}

function isDomError(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}

function dispose(vfs: OPFSCoopSyncVFS): void {
  for (const file of vfs.persistentFiles.values()) file.handleRequestChannel?.close();
  for (const handle of vfs.unboundAccessHandles) handle.close();
  vfs.releaser?.();
}
