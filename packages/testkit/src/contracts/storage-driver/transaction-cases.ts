import { type Case, failsWith, holds, same } from '../case.ts';
import { addNote, KEY, noteIds, otherThings, type StorageDriverHarness, withNotes } from './storage-driver-harness.ts';

/** Durable, whole or not at all, one after the other, seen only when done. */
export function transactionCases(harness: StorageDriverHarness): readonly Case[] {
  return [
    {
      title: '[WR1] what a write stored is there after closing and opening again',
      async run() {
        const { place, driver } = await withNotes(harness);
        await addNote(driver, 1, 'first');
        await driver.close();
        const again = await place.open({ key: KEY });
        await addNote(again, 2, 'second');
        same(await noteIds(again), [1, 2], 'rows after opening again');
        await again.close();
      },
    },
    {
      title: '[WR1] a write whose work throws leaves nothing, and the error is its own',
      async run() {
        const { driver } = await withNotes(harness);
        const oops = new Error('changed my mind');
        const thrown = await driver
          .write(async (tx) => {
            await tx.run('INSERT INTO note (id) VALUES (1)');
            await otherThings();
            await tx.run('CREATE TABLE extra (id)');
            throw oops;
          })
          .catch((error: unknown) => error);
        holds(thrown === oops, 'the work’s own error comes out');
        same(await noteIds(driver), [], 'rows after the failed write');
        same(await driver.read((tx) => tx.all("SELECT name FROM sqlite_master WHERE name = 'extra'")), [], 'tables');
        await addNote(driver, 1, 'after it');
        same(await noteIds(driver), [1], 'rows after the next write');
        await driver.close();
      },
    },
    {
      title: '[WR1] a failing statement undoes the write, unless its work goes on without it',
      async run() {
        const { driver } = await withNotes(harness);
        const taken = driver.write(async (tx) => {
          await tx.run('INSERT INTO note (id) VALUES (1)');
          await tx.run('INSERT INTO note (id) VALUES (1)');
        });
        holds(
          await taken.then(
            () => false,
            () => true,
          ),
          'a doubled key fails',
        );
        same(await noteIds(driver), [], 'rows after the failing statement');
        await driver.write(async (tx) => {
          await tx.run('INSERT INTO note (id) VALUES (1)');
          await tx.run('INSERT INTO note (id) VALUES (1)').catch(() => 0);
          await tx.run('INSERT INTO note (id) VALUES (2)');
        });
        same(await noteIds(driver), [1, 2], 'rows after the caught failure');
        await driver.close();
      },
    },
    {
      title: '[WR4] a reader sees the state before or after a write, never between',
      async run() {
        const { driver } = await withNotes(harness);
        const seen: Promise<readonly unknown[]>[] = [noteIds(driver)];
        const writing = driver.write(async (tx) => {
          await tx.run('INSERT INTO note (id) VALUES (1)');
          seen.push(noteIds(driver));
          await otherThings();
          await tx.run('INSERT INTO note (id) VALUES (2)');
          seen.push(noteIds(driver));
          await otherThings();
        });
        await otherThings();
        seen.push(noteIds(driver));
        await writing;
        for (const ids of await Promise.all(seen))
          holds(['', '1,2'].includes(ids.join()), `a reader saw ${ids.join()}`);
        same(await noteIds(driver), [1, 2], 'rows once the write has resolved');
        await driver.close();
      },
    },
    {
      title: '[WR4] a read sees one state however long it takes, and holds no write back for good',
      async run() {
        const { driver } = await withNotes(harness);
        let write: Promise<void> | null = null;
        const counts = await driver.read(async (tx) => {
          const before = await tx.all('SELECT count(*) AS n FROM note');
          write = addNote(driver, 1, 'meanwhile');
          await otherThings();
          return [before, await tx.all('SELECT count(*) AS n FROM note')];
        });
        same(counts, [[{ n: 0 }], [{ n: 0 }]], 'both counts of one read');
        await write;
        same(await noteIds(driver), [1], 'rows for the next read');
        await driver.close();
      },
    },
    {
      title: '[WR1] writes take effect one after the other, in the order asked',
      async run() {
        const { driver } = await withNotes(harness);
        const append = (mark: string, pause: boolean) =>
          driver.write(async (tx) => {
            const [row] = await tx.all('SELECT coalesce(max(body), ?) AS body FROM note', ['']);
            if (pause) await otherThings();
            await tx.run('INSERT OR REPLACE INTO note (id, body) VALUES (1, ?)', [`${row?.['body']}${mark}`]);
          });
        await Promise.all([append('a', true), append('b', false), append('c', true), append('d', false)]);
        same(await driver.read((tx) => tx.all('SELECT body FROM note')), [{ body: 'abcd' }], 'all four, in order');
        await driver.close();
      },
    },
    {
      title: '[WR1] a transaction is of no use after its end',
      async run() {
        const { driver } = await withNotes(harness);
        const leaked = await driver.write(async (tx) => ({ tx }));
        holds(
          await leaked.tx.run('INSERT INTO note (id) VALUES (1)').then(
            () => false,
            () => true,
          ),
          'late run fails',
        );
        same(await noteIds(driver), [], 'rows');
        await driver.close();
      },
    },
    {
      title: '[WR7] with no room left the write fails as a whole, says so, and what was there stays',
      async run() {
        const { driver } = await withNotes(harness);
        await addNote(driver, 1, 'before');
        await driver.write((tx) => tx.all('PRAGMA max_page_count = 30'));
        const swallowed = driver.write(async (tx) => {
          await tx.run('INSERT INTO note (id) VALUES (2)');
          await tx.run('INSERT INTO note (id, body) VALUES (3, zeroblob(1000000))').catch(() => 0);
          await tx.run('INSERT INTO note (id) VALUES (4)');
        });
        await failsWith('StoreFull', swallowed, 'a write that does not fit, whatever its work makes of it');
        same(await noteIds(driver), [1], 'rows after the failure');
        await driver.write((tx) => tx.all('PRAGMA max_page_count = 100000'));
        await addNote(driver, 2, 'x'.repeat(1_000_000));
        same(await noteIds(driver), [1, 2], 'rows once there is room');
        await driver.close();
      },
    },
    {
      title: '[WR1] closing waits for what is under way; afterwards everything fails with StoreClosed',
      async run() {
        const { place, driver } = await withNotes(harness);
        const writing = driver.write(async (tx) => {
          await otherThings();
          await tx.run('INSERT INTO note (id) VALUES (1)');
        });
        const queued = addNote(driver, 2, 'queued');
        const closing = driver.close();
        await failsWith('StoreClosed', addNote(driver, 3, 'late'), 'a write after close');
        await failsWith('StoreClosed', noteIds(driver), 'a read after close');
        await Promise.all([writing, queued, closing, driver.close()]);
        const again = await place.open({ key: KEY });
        same(await noteIds(again), [1, 2], 'what was under way');
        await again.close();
      },
    },
  ];
}
