import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeDeviceKey, openDevice } from '@holdfast/device/node';
import { benchSchema, benchVisit } from '../lib/bench-schema.ts';
import { type Figure, median } from '../lib/figures.ts';
import { bareWriter } from './bare.ts';

const WRITES = 600;
const WARM_UP = 100;

/** A durable write of one record with its outbox entry, turn by turn with the same two rows written bare. */
export async function benchNodeWrite(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const device = await openDevice({
    schema: benchSchema,
    user: { id: 'bench' },
    folder,
    unlock: nodeDeviceKey({ folder, warn: () => {} }),
    backend: { url: 'http://127.0.0.1:9', token: () => null },
  });
  const bare = bareWriter(join(folder, 'bare.db'));
  const own: number[] = [];
  const floor: number[] = [];
  for (let number = 0; number < WRITES + WARM_UP; number += 1) {
    const visit = benchVisit(number);
    const before = performance.now();
    await device.write((tx) => tx.visits.create(visit));
    const between = performance.now();
    bare.write(randomUUID(), visit);
    const after = performance.now();
    if (number < WARM_UP) continue;
    own.push(between - before);
    floor.push(after - between);
  }
  bare.close();
  await device.close();
  await rm(folder, { recursive: true, force: true });
  const [mine, theirs] = [median(own), median(floor)];
  return [
    {
      name: 'Node: durable write, against the same rows written bare',
      unit: '×',
      value: mine / theirs,
      goal: 2.5,
      detail: `median of ${WRITES}: ${mine.toFixed(3)} ms against ${theirs.toFixed(3)} ms`,
    },
  ];
}
