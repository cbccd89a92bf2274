import type { StorageDriver } from '@holdfast/device';
import { openBrowserStorageDriver } from '@holdfast/device/worker';
import { KEY } from '../../../contracts/storage-driver/storage-driver-harness.ts';
import { browserSuites } from './browser-suites.ts';
import { type Answer, type Call, type Inspection, ROWS_PER_BATCH, type StorageCalls } from './storage-calls.ts';

let driver: StorageDriver | null = null;

function opened(): StorageDriver {
  if (!driver) throw new Error('no store is open');
  return driver;
}

const calls: StorageCalls = {
  async runCase(suite, title) {
    const found = browserSuites[suite].find((one) => one.title === title);
    if (!found) return `there is no case "${title}" in ${suite}`;
    return found.run().then(
      () => null,
      (error: unknown) => (error instanceof Error ? `${error.stack ?? error}` : String(error)),
    );
  },
  async open(store) {
    driver = await openBrowserStorageDriver({ store, key: KEY });
    await opened().write(async (tx) => {
      await tx.run('CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)');
      await tx.run('INSERT OR IGNORE INTO counter VALUES (1, 0)');
      await tx.run('CREATE TABLE IF NOT EXISTS batch (id INTEGER PRIMARY KEY)');
      await tx.run('CREATE TABLE IF NOT EXISTS item (batch INTEGER NOT NULL, body TEXT NOT NULL)');
    });
  },
  async increment(times) {
    for (let i = 0; i < times; i += 1) {
      await opened().write(async (tx) => {
        const [row] = await tx.all('SELECT n FROM counter WHERE id = 1');
        await tx.run('UPDATE counter SET n = ? WHERE id = 1', [Number(row?.['n']) + 1]);
      });
    }
  },
  async counter() {
    const [row] = await opened().read((tx) => tx.all('SELECT n FROM counter WHERE id = 1'));
    return Number(row?.['n']);
  },
  async startWriting() {
    void writeForEver(opened());
  },
  async inspect() {
    return opened().read(async (tx): Promise<Inspection> => {
      const batches = await tx.all('SELECT id FROM batch ORDER BY id');
      const items = await tx.all('SELECT batch, count(*) AS n FROM item WHERE batch > 0 GROUP BY batch ORDER BY batch');
      const integrity = await tx.all('PRAGMA integrity_check');
      const whole = items.filter((row, i) => row['n'] === ROWS_PER_BATCH && row['batch'] === batches[i]?.['id']);
      return {
        batches: batches.length,
        torn: Math.max(batches.length, items.length) - whole.length,
        last: Number(batches.at(-1)?.['id'] ?? 0),
        integrity: integrity.map((row) => row['integrity_check']).join(),
      };
    });
  },
  async remember(text) {
    await opened().write(async (tx) => {
      await tx.run('INSERT INTO item (batch, body) VALUES (0, ?)', [`before ${text} after`]);
      await tx.run(`CREATE TABLE "${text}" (id)`);
    });
  },
  async fill(mebibytes) {
    const write = opened().write((tx) =>
      tx.run(`INSERT INTO item (batch, body) VALUES (0, hex(zeroblob(${mebibytes * 512 * 1024})))`),
    );
    return write.then(
      () => null,
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
  },
  async close() {
    await opened().close();
    driver = null;
  },
};

async function writeForEver(on: StorageDriver): Promise<never> {
  const [row] = await on.read((tx) => tx.all('SELECT coalesce(max(id), 0) AS last FROM batch'));
  for (let batch = Number(row?.['last']) + 1; ; batch += 1) {
    await on.write(async (tx) => {
      await tx.run('INSERT INTO batch (id) VALUES (?)', [batch]);
      for (let i = 0; i < ROWS_PER_BATCH; i += 1) {
        await tx.run('INSERT INTO item (batch, body) VALUES (?, ?)', [batch, `${batch} ${'.'.repeat(800)}`]);
      }
    });
    answer({ acknowledged: batch });
  }
}

function answer(message: Answer): void {
  postMessage(message);
}

self.onmessage = async ({ data: { id, name, args } }: MessageEvent<Call>) => {
  try {
    const call = calls[name] as (...args: readonly unknown[]) => Promise<unknown>;
    answer({ id, value: await call(...args) });
  } catch (error) {
    answer({ id, error: error instanceof Error ? `${error.stack ?? error}` : String(error) });
  }
};
