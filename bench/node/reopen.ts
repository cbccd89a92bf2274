import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeDeviceKey, openDevice } from '@holdfast/device/node';
import { benchSchema, benchVisit, FIRST_ROWS, RECORDS } from '../lib/bench-schema.ts';
import { benchServer } from '../lib/bench-server.ts';
import { bundleScript } from '../lib/bundle-script.ts';
import { type Figure, median } from '../lib/figures.ts';
import { outputOf } from '../lib/output-of.ts';
import { BARE_INSERT, createBareTables, openBare, visitToRow } from './bare.ts';

const ROUNDS = 15;

/** From process start to the first 50 rows of 20,000, against bare better-sqlite3 doing the same. */
export async function benchNodeReopen(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  await fillDevice(folder);
  fillBare(join(folder, 'bare.db'));
  const [ours, bare] = [await bundleScript('bench/node/open-device.ts'), await bundleScript('bench/node/open-bare.ts')];
  const own: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    own.push(await timeOpen(ours, folder));
    floor.push(await timeOpen(bare, join(folder, 'bare.db')));
  }
  await rm(folder, { recursive: true, force: true });
  const [mine, theirs] = [median(own), median(floor)];
  return [
    {
      name: 'Node: reopening 20,000 records to the first 50 rows',
      unit: '×',
      value: mine / theirs,
      goal: 3,
      detail: `from process start, median of ${ROUNDS}: ${mine.toFixed(0)} ms against ${theirs.toFixed(0)} ms`,
    },
  ];
}

async function fillDevice(folder: string): Promise<void> {
  const server = await benchServer();
  const device = await openDevice({
    schema: benchSchema,
    user: { id: 'bench' },
    folder,
    unlock: nodeDeviceKey({ folder, warn: () => {} }),
    backend: { url: server.url, token: () => server.token },
  });
  const status = await device.sync();
  if (!status.ready) throw new Error(`the device did not sync: ${JSON.stringify(status)}`);
  await device.close();
  await server.close();
}

function fillBare(file: string): void {
  const db = openBare(file);
  createBareTables(db);
  const insert = db.prepare(BARE_INSERT);
  db.transaction(() => {
    for (let number = 0; number < RECORDS; number += 1) insert.run(visitToRow(randomUUID(), benchVisit(number)));
  })();
  db.close();
}

async function timeOpen(script: string, argument: string): Promise<number> {
  const answer = JSON.parse(await outputOf(process.execPath, [script, argument])) as { ms: number; rows: number };
  if (answer.rows !== FIRST_ROWS) throw new Error(`${answer.rows} rows of ${FIRST_ROWS}`);
  return answer.ms;
}
