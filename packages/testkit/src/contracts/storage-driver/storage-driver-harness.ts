import type { DatabaseKey, StorageDriver } from '@holdfast/device';

export interface OpenOptions {
  readonly key: DatabaseKey;
  /** How long a write waits for somebody else's; the driver's own bound where it is not given. */
  readonly busyBoundMs?: number;
}

/** Where one store of a test lies. */
export interface StorePlace {
  open(options: OpenOptions): Promise<StorageDriver>;
  /** Every file of the store by its name, journals and temporary ones included. */
  files(): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Replaces a file of the closed store. */
  overwrite(name: string, content: Uint8Array): Promise<void>;
}

/** What a driver has to bring along to be put through its contract. */
export interface StorageDriverHarness {
  /** False for a store in memory: it has no files, and any key opens it. */
  readonly encrypted: boolean;
  /** Drivers on one place can be open at once and get into each other's way. */
  readonly contended: boolean;
  /** An empty place that no other test uses. */
  fresh(): Promise<StorePlace>;
}

export const KEY: DatabaseKey = { key: new Uint8Array(32).fill(0xa1), salt: new Uint8Array(16).fill(0xb2) };
export const OTHER_KEY: DatabaseKey = { key: new Uint8Array(32).fill(0xc3), salt: new Uint8Array(16).fill(0xd4) };

/** A driver on a new place with a table `note (id INTEGER PRIMARY KEY, body)`. */
export async function withNotes(harness: StorageDriverHarness): Promise<{ place: StorePlace; driver: StorageDriver }> {
  const place = await harness.fresh();
  const driver = await place.open({ key: KEY });
  await driver.write((tx) => tx.run('CREATE TABLE note (id INTEGER PRIMARY KEY, body)'));
  return { place, driver };
}

export async function addNote(driver: StorageDriver, id: number, body: string): Promise<void> {
  await driver.write((tx) => tx.run('INSERT INTO note (id, body) VALUES (?, ?)', [id, body]));
}

export async function noteIds(driver: StorageDriver): Promise<readonly unknown[]> {
  const rows = await driver.read((tx) => tx.all('SELECT id FROM note ORDER BY id'));
  return rows.map((row) => row['id']);
}

/** Lets everything else that is ready run first, a few times over. */
export async function otherThings(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setTimeout(resolve, 1));
}
