import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type UserId, uuidV7 } from '@holdfast/core';
import { type Backend, createDevice, createEngine, type Device, type StorageDriver } from '@holdfast/device';
import { nodePlatform, openNodeStorageDriver } from '@holdfast/device/node';
import { chooseBatch } from '../../packages/device/src/outbox/choose-batch.ts';
import { slimCandidates } from '../../packages/device/src/outbox/outbox-store.ts';
import { rebaseRecords } from '../../packages/device/src/rebase/rebase-records.ts';
import { DEFAULT_SYNC } from '../../packages/device/src/sync/sync-loop.ts';
import { benchSchema, benchVisit } from '../lib/bench-schema.ts';
import { type Figure, list, median } from '../lib/figures.ts';

const ENTRIES = 10_000;
const WRITES = 200;
const WARM_UP = 50;
const ROUNDS = 9;

/** No token yet: a device that keeps everything and asks nobody. */
const NOBODY: Backend = {
  exchange: async () => ({ type: 'needs-auth' }),
  live: (_onNews, signal) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve('never-open'), { once: true })),
};

interface Opened {
  readonly device: Device<typeof benchSchema>;
  readonly storage: StorageDriver;
}

/** What ten thousand entries that wait cost: a further write, choosing what goes next, a rebase of all. */
export async function benchOutbox(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const [empty, full] = [await openOne(join(folder, 'empty')), await openOne(join(folder, 'full'))];
  for (let number = 0; number < ENTRIES; number += 1) await write(full, number);
  const own: number[] = [];
  const floor: number[] = [];
  for (let number = 0; number < WRITES + WARM_UP; number += 1) {
    const withFull = await write(full, ENTRIES + number);
    const withEmpty = await write(empty, number);
    if (number < WARM_UP) continue;
    own.push(withFull);
    floor.push(withEmpty);
  }
  const chosen: Timed[] = [];
  const rebased: Timed[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const [choose, rebase] = [await timeChoice(full.storage), await timeRebase(full.storage)];
    // The first time, the code is not compiled yet.
    if (round === 0) continue;
    chosen.push(choose);
    rebased.push(rebase);
  }
  for (const { device } of [empty, full]) await device.close();
  await rm(folder, { recursive: true, force: true });
  return [
    {
      name: `Outbox of ${ENTRIES}: a further write, of one into an empty outbox`,
      unit: '×',
      value: median(own) / median(floor),
      goal: 1.5,
      detail: `median of ${WRITES}, turn by turn: ${median(own).toFixed(3)} ms against ${median(floor).toFixed(3)} ms`,
    },
    {
      name: `Outbox of ${ENTRIES}: choosing what goes next`,
      unit: 'ms',
      value: median(chosen.map(({ ms }) => ms)),
      goal: 20,
      detail: `reading what choosing asks for, and choosing: ${said(chosen)}`,
    },
    {
      name: `Outbox of ${ENTRIES}: rebasing every record`,
      unit: 'ms',
      value: median(rebased.map(({ ms }) => ms)),
      goal: 1_000,
      detail: `one durable transaction: ${said(rebased)}`,
    },
  ];
}

async function openOne(folder: string): Promise<Opened> {
  const platform = nodePlatform({ folder, user: 'bench' });
  const file = `${folder}.db`;
  const storage = await openNodeStorageDriver({ file, key: { key: new Uint8Array(32), salt: new Uint8Array(16) } });
  const engine = await createEngine({
    schema: benchSchema,
    user: 'bench' as UserId,
    storage,
    backend: NOBODY,
    platform,
    storeName: folder,
  });
  const newId = () => uuidV7(platform.clock.now(), platform.random.bytes(10));
  return { device: await createDevice(benchSchema, engine, newId), storage };
}

async function write({ device }: Opened, number: number): Promise<number> {
  const visit = benchVisit(number);
  const before = performance.now();
  await device.write((tx) => tx.visits.create(visit));
  return performance.now() - before;
}

interface Timed {
  readonly ms: number;
  /** Of this process: what it would take if nobody else wanted the machine. */
  readonly cpuMs: number;
}

function timer(): () => Timed {
  const [before, cpu] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - before, cpuMs: (user + system) / 1_000 };
  };
}

function said(times: readonly Timed[]): string {
  return `${list(times.map(({ ms }) => ms))} ms; of the processor ${list(times.map(({ cpuMs }) => cpuMs))} ms`;
}

/** Upon the connection that writes, as an exchange does it. */
async function timeChoice(storage: StorageDriver): Promise<Timed> {
  return storage.write(async (tx) => {
    const taken = timer();
    const batch = chooseBatch(await slimCandidates(tx, DEFAULT_SYNC.batch.mutations), Date.now(), DEFAULT_SYNC.batch);
    const timed = taken();
    if (batch.length < 100) throw new Error(`only ${batch.length} entries were chosen`);
    return timed;
  });
}

async function timeRebase(storage: StorageDriver): Promise<Timed> {
  const rows = await storage.read((tx) => tx.all('SELECT DISTINCT collection, record FROM hf_outbox'));
  if (rows.length < ENTRIES) throw new Error(`${rows.length} records of ${ENTRIES}`);
  const records = rows.map((row) => ({ collection: String(row['collection']), record: String(row['record']) }));
  const taken = timer();
  await storage.write((tx) => rebaseRecords(tx, benchSchema, records));
  return taken();
}
