import { HoldfastError } from '@holdfast/core';

/** Object stores of the one small database beside the stores: key slots, and the device's key. */
export type SmallStoreName = 'slots' | 'device-key';

const STORES: readonly SmallStoreName[] = ['slots', 'device-key'];

/**
 * One transaction on IndexedDB. It is on the disk when this resolves: these few entries open everything
 * else, and browsers by default call a commit done before it is written.
 */
export async function inSmallStore<T>(
  database: string,
  store: SmallStoreName,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore, give: (value: T) => void) => void,
): Promise<T> {
  const db = await connection(database);
  return new Promise<T>((resolve, reject) => {
    const transaction = db.transaction(store, mode, { durability: 'strict' });
    let given: { readonly value: T } | null = null;
    transaction.oncomplete = () => (given ? resolve(given.value) : reject(new Error('nothing was given')));
    transaction.onabort = () => reject(toError(transaction.error));
    work(transaction.objectStore(store), (value) => {
      given = { value };
    });
  });
}

/** Opens the small database before it is known what will be asked of it. */
export function warmSmallStore(database: string): void {
  // Whoever asks meets the failure, by opening it again.
  connection(database).catch(() => undefined);
}

const connections = new Map<string, Promise<IDBDatabase>>();

/** One connection, opened once: opening costs more than everything that is done with it. */
function connection(name: string): Promise<IDBDatabase> {
  const known = connections.get(name);
  if (known !== undefined) return known;
  const opening = openDatabase(name, () => connections.delete(name));
  connections.set(name, opening);
  opening.catch(() => connections.delete(name));
  return opening;
}

function openDatabase(name: string, onGone: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store);
    };
    request.onsuccess = () => {
      const db = request.result;
      // The platform may close it (hazard F9), and nobody may be kept from deleting it.
      db.onclose = onGone;
      db.onversionchange = () => {
        onGone();
        db.close();
      };
      resolve(db);
    };
    request.onerror = () => reject(toError(request.error));
  });
}

function toError(cause: DOMException | null): unknown {
  return cause?.name === 'QuotaExceededError' ? new HoldfastError('StoreFull', cause.name, { cause }) : cause;
}
