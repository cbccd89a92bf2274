import { HoldfastError } from '@holdfast/core';
import { expect, test } from 'vitest';
import { memoryStorage } from './memory-storage.ts';

const KEY = { key: new Uint8Array(32), salt: new Uint8Array(16) };

test('a copy has what was committed, and goes its own way', async () => {
  const disk = memoryStorage();
  const driver = await disk.openDatabase(KEY);
  await driver.write((tx) => tx.run('CREATE TABLE note (id)'));
  await driver.write((tx) => tx.run('INSERT INTO note VALUES (1)'));
  const copy = disk.copy({});
  await driver.write((tx) => tx.run('INSERT INTO note VALUES (2)'));
  expect(copy.look('SELECT id FROM note')).toEqual([{ id: 1 }]);
  expect(disk.look('SELECT id FROM note')).toEqual([{ id: 1 }, { id: 2 }]);
  await driver.write(async (tx) => {
    await tx.run('INSERT INTO note VALUES (3)');
    // Nobody looks at half a transaction.
    expect(disk.look('SELECT id FROM note')).toBeNull();
  });
});

test('a disk that fails, waits or dies at a statement leaves nothing half done', async () => {
  let act: (sql: string) => void | Promise<void> = () => {};
  const disk = memoryStorage({ onStatement: (sql, moment) => (moment === 'before' ? act(sql) : undefined) });
  const driver = await disk.openDatabase(KEY);
  await driver.write((tx) => tx.run('CREATE TABLE note (id)'));
  const insert = () => driver.write((tx) => tx.runMany('INSERT INTO note VALUES (?)', [[1], [2]]));
  act = (sql) => {
    if (sql === 'COMMIT') throw new HoldfastError('StoreFull', 'now');
  };
  await expect(insert()).rejects.toMatchObject({ code: 'StoreFull' });
  act = () => Promise.resolve();
  await insert();
  expect(disk.look('SELECT id FROM note')).toHaveLength(2);
  act = (sql) => {
    if (sql === 'COMMIT') disk.crash();
  };
  await expect(insert()).rejects.toMatchObject({ code: 'StoreClosed' });
  expect(disk.look('SELECT id FROM note')).toHaveLength(2);
});
