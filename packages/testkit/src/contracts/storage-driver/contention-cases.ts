import type { StorageDriver } from '@holdfast/device';
import { type Case, failsWith, same } from '../case.ts';
import { addNote, KEY, noteIds, otherThings, type StorageDriverHarness, withNotes } from './storage-driver-harness.ts';

/** Several drivers on one store, as tabs and processes have them. */
export function contentionCases(harness: StorageDriverHarness): readonly Case[] {
  return [
    {
      title: '[WR1] writers over several drivers take turns, and none is lost',
      async run() {
        const { place, driver } = await withNotes(harness);
        await driver.write((tx) => tx.run('INSERT INTO note (id, body) VALUES (1, 0)'));
        const other = await place.open({ key: KEY });
        const each = 40;
        const increments = async (of: StorageDriver) => {
          for (let i = 0; i < each; i += 1) await increment(of);
        };
        await Promise.all([increments(driver), increments(other), increments(driver)]);
        for (const one of [driver, other]) {
          same(await one.read((tx) => tx.all('SELECT body FROM note')), [{ body: 3 * each }], 'the counter');
        }
        await other.close();
        await driver.close();
      },
    },
    {
      title: '[WR3] what one driver has written, another reads at once',
      async run() {
        const { place, driver } = await withNotes(harness);
        const other = await place.open({ key: KEY });
        for (let i = 1; i <= 20; i += 1) {
          await addNote(i % 2 ? driver : other, i, '');
          same((await noteIds(i % 2 ? other : driver)).length, i, 'rows seen by the other');
        }
        await other.close();
        await driver.close();
      },
    },
    ...(harness.contended ? [busyCase(harness)] : []),
  ];
}

function busyCase(harness: StorageDriverHarness): Case {
  return {
    title: '[WR1] a store that stays busy is told as StoreBusy, and is usable again once it is free',
    async run() {
      const { place, driver } = await withNotes(harness);
      const impatient = await place.open({ key: KEY, busyBoundMs: 500 });
      await driver.write(async (tx) => {
        await tx.run('INSERT INTO note (id) VALUES (1)');
        await failsWith('StoreBusy', addNote(impatient, 2, ''), 'a write while another is under way');
        await failsWith('StoreBusy', addNote(impatient, 3, ''), 'and once more');
      });
      await otherThings();
      await addNote(impatient, 4, '');
      same(await noteIds(driver), [1, 4], 'rows');
      await impatient.close();
      await driver.close();
    },
  };
}

async function increment(driver: StorageDriver): Promise<void> {
  await driver.write(async (tx) => {
    const [row] = await tx.all('SELECT body FROM note WHERE id = 1');
    await tx.run('UPDATE note SET body = ? WHERE id = 1', [Number(row?.['body']) + 1]);
  });
}
