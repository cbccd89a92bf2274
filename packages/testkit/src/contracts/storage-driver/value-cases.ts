import type { SqlValue } from '@holdfast/device';
import { type Case, same } from '../case.ts';
import { type StorageDriverHarness, withNotes } from './storage-driver-harness.ts';

const VALUES: readonly SqlValue[] = [
  null,
  0,
  1,
  -1,
  2 ** 31,
  -(2 ** 31) - 1,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  0.1,
  -1.5e300,
  '',
  ' ',
  '0',
  'Zoë, 吉, 🩺, e\u0301',
  'x'.repeat(100_000),
  new Uint8Array(),
  new Uint8Array([0]),
  Uint8Array.from({ length: 256 }, (_, i) => i),
];

/** What goes in comes out, and statements do what they say. */
export function valueCases(harness: StorageDriverHarness): readonly Case[] {
  return [
    {
      title: '[WR1] every kind of value comes back as it went in',
      async run() {
        const { driver } = await withNotes(harness);
        await driver.write((tx) =>
          tx.runMany(
            'INSERT INTO note (body) VALUES (?)',
            VALUES.map((value) => [value]),
          ),
        );
        const rows = await driver.read((tx) => tx.all('SELECT body FROM note ORDER BY id'));
        same(
          rows.map((row) => row['body']),
          VALUES,
          'values',
        );
        await driver.close();
      },
    },
    {
      title: '[WR1] whole numbers are stored as integers, others as reals',
      async run() {
        const { driver } = await withNotes(harness);
        const numbers = [1, 2 ** 40, Number.MAX_SAFE_INTEGER, 0.5];
        await driver.write((tx) =>
          tx.runMany(
            'INSERT INTO note (body) VALUES (?)',
            numbers.map((value) => [value]),
          ),
        );
        const rows = await driver.read((tx) => tx.all('SELECT typeof(body) AS type FROM note ORDER BY id'));
        same(
          rows.map((row) => row['type']),
          ['integer', 'integer', 'integer', 'real'],
          'storage classes',
        );
        await driver.close();
      },
    },
    {
      title: '[WR1] a statement can be used again and takes thousands of parameters',
      async run() {
        const { driver } = await withNotes(harness);
        const ids = Array.from({ length: 5000 }, (_, i) => i + 1);
        const marks = ids.map(() => '?').join();
        for (const round of [1, 2]) {
          const changed = await driver.write(async (tx) => {
            await tx.runMany(
              'INSERT OR REPLACE INTO note (id, body) VALUES (?, ?)',
              ids.map((id) => [id, `r${round}`]),
            );
            return tx.run(`UPDATE note SET body = body || '!' WHERE id IN (${marks})`, ids);
          });
          same(changed, 5000, 'rows changed');
          const rows = await driver.read((tx) =>
            tx.all(`SELECT count(*) AS n, max(body) AS body FROM note WHERE id IN (${marks})`, ids),
          );
          same(rows, [{ n: 5000, body: `r${round}!` }], 'rows found');
        }
        await driver.close();
      },
    },
    {
      title: '[WR1] run tells how many rows it changed',
      async run() {
        const { driver } = await withNotes(harness);
        const counts = await driver.write(async (tx) => [
          await tx.run('INSERT INTO note (id) VALUES (1), (2), (3)'),
          await tx.run('UPDATE note SET body = 7 WHERE id > 1'),
          await tx.run('CREATE TABLE other (id)'),
          await tx.run('DELETE FROM note WHERE id > 7'),
        ]);
        same(counts, [3, 2, 0, 0], 'changes');
        await driver.close();
      },
    },
    {
      title: '[ST9] statements kept from before see a table’s new columns',
      async run() {
        const { driver } = await withNotes(harness);
        await driver.write((tx) => tx.run('INSERT INTO note (id) VALUES (1)'));
        const everything = () => driver.read((tx) => tx.all('SELECT * FROM note'));
        same(await everything(), [{ id: 1, body: null }], 'before');
        await driver.write((tx) => tx.run("ALTER TABLE note ADD COLUMN extra BLOB DEFAULT x'00ff'"));
        same(await everything(), [{ id: 1, body: null, extra: new Uint8Array([0, 255]) }], 'after');
        await driver.close();
      },
    },
  ];
}
