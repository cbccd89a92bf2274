import { hasCode } from '@holdfast/core';
import { createChance } from '../sim/chance.ts';
import { brokenAtHome } from './check-goes-on.ts';
import { crashSchemas } from './crash-schema.ts';
import { CrashWorld } from './crash-world.ts';
import type { Disk, DiskOp } from './disk.ts';
import { type DiskStores, diskStores } from './disk-store.ts';
import { dumpStore } from './dump-store.ts';
import { operations } from './operations/operations.ts';
import { type Operation, recordOperation } from './record-operation.ts';
import { type CrashPlan, shuffled } from './run-crash.ts';

/**
 * What a full disk still takes: writes into what is there already (`grows`), nothing at all (`all`), or it
 * was full for one write only (`once`).
 */
type FullModel = 'grows' | 'all' | 'once';

const FULL_MODELS: readonly FullModel[] = ['grows', 'all', 'once'];

export interface FullReport {
  readonly points: number;
  readonly failed: readonly {
    readonly operation: string;
    readonly write: number;
    readonly problems: readonly string[];
  }[];
}

/** Fills the disk at every write of every operation, or at as many as `points` says, spread over all. */
export async function runFullDisk(
  plan: Omit<CrashPlan, 'honours'>,
  onFailed: (failed: FullReport['failed'][number]) => void = () => {},
): Promise<FullReport> {
  const { points, seed, share = { index: 0, of: 1 }, only = operations } = plan;
  const stores = await diskStores(createChance(seed));
  const places: { operation: Operation; write: number; model: FullModel }[] = [];
  for (const operation of only) {
    const { log } = await recordOperation(stores, operation);
    for (const write of log.filter(({ type }) => type === 'write').keys()) {
      for (const model of FULL_MODELS) places.push({ operation, write, model });
    }
  }
  const failed: FullReport['failed'][number][] = [];
  let done = 0;
  const chosen = shuffled(places, createChance(seed)).slice(0, points);
  for (const [number, { operation, write, model }] of chosen.entries()) {
    if (number % share.of !== share.index) continue;
    const problems = await checkFullDisk(stores, operation, write, model);
    done += 1;
    if (problems === null || problems.length === 0) continue;
    const found = { operation: `${operation.name} (${model})`, write, problems };
    failed.push(found);
    onFailed(found);
  }
  return { points: done, failed };
}

/**
 * Runs the operation on a disk that is full from its write number `from` on (WR7): it has to say
 * `StoreFull`, to have done nothing, and to go on once there is room again. Null where the operation ended
 * before that write.
 */
async function checkFullDisk(
  stores: DiskStores,
  operation: Operation,
  from: number,
  model: FullModel,
): Promise<string[] | null> {
  const store = stores.mount(new Map());
  const world = new CrashWorld(store, operation.serverSchema ?? crashSchemas.first);
  try {
    world.notes = false;
    await operation.prepare(world);
    world.notes = true;
    if (world.isOpen) world.commits.push({ logged: 0, state: await world.storage.read(dumpStore) });
    store.disk.log = [];
    const met = fill(store.disk, from, model);
    const failure = await operation.run(world).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (!met.full) return null;
    const problems = [...(failure === null ? [] : [failure.error]), ...world.faults]
      .filter((error) => !hasCode(error, 'StoreFull'))
      .map((error) => `it said ${error instanceof Error ? error.stack : String(error)}`);
    world.faults.length = 0;
    // A disk that takes nothing at all does not even let a transaction be undone: then reading waits for room.
    if (model !== 'all') problems.push(...(await undone(world)));
    store.disk.refuses = () => false;
    problems.push(...(await undone(world)));
    world.notes = false;
    if (!world.isOpen) await world.open();
    world.link.up = true;
    const acknowledged = world.acknowledged
      .flatMap(({ mutations }) => mutations)
      .filter((id) => !world.givenUp.has(id));
    const { device, storage, schema, side, assigns } = world;
    problems.push(...(await brokenAtHome({ device, storage, schema, side, acknowledged, assigns })));
    problems.push(...world.faults.map((fault) => `with room again: ${String(fault)}`));
    return problems;
  } catch (error) {
    return [`after it was full: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  } finally {
    await world.stop();
    store.unmount();
  }
}

function fill(disk: Disk, from: number, model: FullModel): { full: boolean } {
  const met = { full: false };
  let writes = 0;
  disk.refuses = (op, sizeBefore) => {
    if (op.type !== 'write') return false;
    writes += 1;
    if (writes <= from || (model === 'once' && met.full) || (model !== 'all' && !grows(op, sizeBefore))) return false;
    met.full = true;
    return true;
  };
  return met;
}

function grows(op: Extract<DiskOp, { type: 'write' }>, sizeBefore: number): boolean {
  return op.offset + op.data.length > sizeBefore;
}

/** The store says what the last commit made of it: nothing of the write that failed is there. */
async function undone(world: CrashWorld): Promise<string[]> {
  const last = world.commits.at(-1);
  if (!world.isOpen || last === undefined) return [];
  const state = await world.storage.read(dumpStore);
  return state === last.state ? [] : ['part of a write that failed is there'];
}
