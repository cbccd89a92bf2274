import { OPFSCoopSyncVFS } from '@journeyapps/wa-sqlite/src/examples/OPFSCoopSyncVFS.js';
import { SQLITE_FULL, SQLITE_OK } from '@journeyapps/wa-sqlite/src/sqlite-constants.js';

/** A file system for SQLite over OPFS, and how to give up what it holds. */
export interface Vfs {
  readonly vfs: SQLiteVFS;
  dispose(): void;
}

/**
 * `OPFSCoopSyncVFS`, whose tabs hand the files' access handles to each other, with two things mended.
 * Only dedicated workers have such handles.
 */
export async function opfsVfs(module: object): Promise<Vfs> {
  const vfs = await OPFSCoopSyncVFS.create('holdfast-opfs', module);
  seeJournalsOfOthers(vfs);
  tellWhenFull(vfs);
  return { vfs, dispose: () => dispose(vfs) };
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
  const orFull = (code: number) => (code !== SQLITE_OK && isQuotaError(vfs.lastError) ? SQLITE_FULL : code);
  vfs.jWrite = (...args) => orFull(jWrite.apply(vfs, args));
  vfs.jTruncate = (...args) => orFull(jTruncate.apply(vfs, args));
  vfs.jSync = (...args) => orFull(jSync.apply(vfs, args));
}

function isQuotaError(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError';
}

function dispose(vfs: OPFSCoopSyncVFS): void {
  for (const file of vfs.persistentFiles.values()) file.handleRequestChannel?.close();
  for (const handle of vfs.unboundAccessHandles) handle.close();
  vfs.releaser?.();
}
