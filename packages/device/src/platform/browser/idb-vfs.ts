import { IDBBatchAtomicVFS } from '@journeyapps/wa-sqlite/src/examples/IDBBatchAtomicVFS.js';
import type { Vfs } from './opfs-vfs.ts';

interface IdbVfsClass {
  create(name: string, module: object, options?: object): Promise<SQLiteVFS>;
}

/** SQLite's file as blocks in IndexedDB, committed with strict durability. */
export async function idbVfs(database: string, module: object): Promise<Vfs> {
  // The package's types describe an older class of this name.
  const { create } = IDBBatchAtomicVFS as unknown as IdbVfsClass;
  const vfs = await create.call(IDBBatchAtomicVFS, database, module);
  return { vfs, dispose: () => void vfs.close() };
}
