import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTRACT_KEY } from '@holdfast/testkit';
import { storeWriterProgram, type TestProgram } from '@holdfast/testkit/process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openNodeStorageDriver } from './node-storage-driver.ts';

let program: TestProgram;
let folder: string;

beforeAll(async () => {
  program = await storeWriterProgram();
  folder = await mkdtemp(join(tmpdir(), 'holdfast-process-'));
});

afterAll(async () => {
  await program.dispose();
  await rm(folder, { recursive: true });
});

async function inspect(file: string) {
  const driver = await openNodeStorageDriver({ file, key: CONTRACT_KEY });
  const seen = await driver.read(async (tx) => ({
    batches: (await tx.all('SELECT id FROM batch ORDER BY id')).map((row) => row['id']),
    whole: (await tx.all('SELECT batch FROM item GROUP BY batch HAVING count(*) = 20 ORDER BY batch')).length,
    items: await tx.all('SELECT count(*) AS n FROM item'),
    integrity: await tx.all('PRAGMA integrity_check'),
  }));
  await driver.close();
  return seen;
}

test('[WR1] a killed process keeps every acknowledged write, whole, and nothing of an unfinished one', async () => {
  const file = join(folder, 'killed.db');
  let acknowledged = 0;
  for (let round = 0; round < 10; round += 1) {
    const writer = program.start(file);
    await writer.line(String(acknowledged + 5 + round));
    await writer.kill();
    acknowledged = Math.max(...writer.lines.map(Number));
    const { batches, whole, items, integrity } = await inspect(file);
    expect(batches.length).toBeGreaterThanOrEqual(acknowledged);
    expect(batches.at(-1)).toBe(batches.length);
    expect(whole).toBe(batches.length);
    expect(items).toEqual([{ n: 20 * batches.length }]);
    expect(integrity).toEqual([{ integrity_check: 'ok' }]);
    acknowledged = batches.length;
  }
});

test('[WR1] processes that write to one store at once lose nothing', async () => {
  const file = join(folder, 'shared.db');
  const writers = [program.start(file, '60'), program.start(file, '60'), program.start(file, '60')];
  expect(await Promise.all(writers.map(({ exit }) => exit))).toEqual([0, 0, 0]);
  const numbers = writers.flatMap(({ lines }) => lines.map(Number)).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 180 }, (_, i) => i + 1));
  expect(await inspect(file)).toMatchObject({ batches: numbers, whole: 180 });
});
