import { openNodeStorageDriver } from '@holdfast/device/node';
import { KEY } from '../contracts/storage-driver/storage-driver-harness.ts';

/**
 * Arguments: a database file, and how many batches to write (none: until killed). A batch is one row in
 * `batch` and twenty in `item`, in one write; its number is printed once that write has resolved.
 */
const [file = '', times = 'Infinity'] = process.argv.slice(2);

const driver = await openNodeStorageDriver({ file, key: KEY });
await driver.write(async (tx) => {
  await tx.run('CREATE TABLE IF NOT EXISTS batch (id INTEGER PRIMARY KEY)');
  await tx.run('CREATE TABLE IF NOT EXISTS item (batch INTEGER NOT NULL, body TEXT NOT NULL)');
});
for (let i = 0; i < Number(times); i += 1) {
  const batch = await driver.write(async (tx) => {
    const [row] = await tx.all('SELECT coalesce(max(id), 0) + 1 AS next FROM batch');
    const next = Number(row?.['next']);
    await tx.run('INSERT INTO batch (id) VALUES (?)', [next]);
    for (let item = 0; item < 20; item += 1) {
      await tx.run('INSERT INTO item (batch, body) VALUES (?, ?)', [next, '.'.repeat(800)]);
    }
    return next;
  });
  process.stdout.write(`${batch}\n`);
}
await driver.close();
