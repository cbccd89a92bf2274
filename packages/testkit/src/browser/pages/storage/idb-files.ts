/** How SQLite's file system on IndexedDB keeps its files. */
interface FileEntry {
  readonly name: string;
  readonly fileSize: number;
}
interface Block {
  readonly path: string;
  /** Negative: the block's place in the file, times -1. */
  readonly offset: number;
  readonly version: number;
  readonly data: Uint8Array;
}

/** Every file of the store by its path, put together from its blocks. */
export async function idbFiles(database: string): Promise<ReadonlyMap<string, Uint8Array>> {
  return inDatabase(database, 'readonly', async (stores) => {
    const entries: readonly FileEntry[] = await result(stores('metadata').getAll());
    const blocks: readonly Block[] = await result(stores('blocks').getAll());
    const files = new Map(entries.map(({ name, fileSize }) => [name, new Uint8Array(fileSize)]));
    // Keys ascend, and so do ages: the newest version of a block has the lowest number and comes first.
    for (const { path, offset, data } of [...blocks].reverse()) {
      const file = files.get(path);
      if (file && -offset < file.length) file.set(data.subarray(0, file.length + offset), -offset);
    }
    return files;
  });
}

/** Puts other content into the blocks of a file; a shorter one loses the blocks behind its end. */
export async function overwriteIdbFile(database: string, path: string, content: Uint8Array): Promise<void> {
  await inDatabase(database, 'readwrite', async (stores) => {
    const blocks: readonly Block[] = await result(stores('blocks').getAll());
    const entry: FileEntry = await result(stores('metadata').get(path));
    const size = blocks.find((block) => block.path === path)?.data.length ?? 4096;
    for (const block of blocks) {
      if (block.path === path) stores('blocks').delete([path, block.offset, block.version]);
    }
    const version = blocks.find((block) => block.path === path)?.version ?? 0;
    for (let at = 0; at < content.length; at += size) {
      // -0 and 0 are one key, but only 0 is what the reader computes.
      stores('blocks').put({ path, offset: at === 0 ? 0 : -at, version, data: content.slice(at, at + size) });
    }
    stores('metadata').put({ ...entry, fileSize: content.length });
  });
}

async function inDatabase<T>(
  name: string,
  mode: IDBTransactionMode,
  work: (stores: (name: string) => IDBObjectStore) => Promise<T>,
): Promise<T> {
  const db = await result(indexedDB.open(name));
  try {
    const transaction = db.transaction(['metadata', 'blocks'], mode);
    const complete = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const value = await work((store) => transaction.objectStore(store));
    await complete;
    return value;
  } finally {
    db.close();
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
