import type { Outcome, Schema } from '@holdfast/core';
import { crashSchemas } from './crash-schema.ts';
import { type Acknowledged, type Commit, CrashWorld, type ServerStep } from './crash-world.ts';
import type { DiskOp, Image } from './disk.ts';
import type { DiskStores } from './disk-store.ts';
import { dumpStore } from './dump-store.ts';

/** One thing that a device does, and what leads up to it. */
export interface Operation {
  readonly name: string;
  /** Default: that of the first app. */
  readonly serverSchema?: Schema;
  prepare(world: CrashWorld): Promise<void>;
  run(world: CrashWorld): Promise<void>;
}

/** An operation that was run once: enough to build what is left of it after a crash at any point. */
export interface Recording {
  readonly name: string;
  readonly serverSchema: Schema;
  /** The disk before it. */
  readonly base: Image;
  /** All that it asked of the disk. */
  readonly log: readonly DiskOp[];
  /** The first is the state before it. */
  readonly commits: readonly Commit[];
  readonly acknowledged: readonly Acknowledged[];
  readonly givenUp: ReadonlySet<string>;
  readonly assigns: boolean;
  readonly steps: readonly ServerStep[];
  /** Of the app at its end. */
  readonly schema: Schema;
  /** Virtual milliseconds. */
  readonly endedAt: number;
  /** What the server has answered by its end. */
  readonly outcomes: readonly Outcome[];
}

export async function recordOperation(stores: DiskStores, operation: Operation): Promise<Recording> {
  const store = stores.mount(new Map());
  const { name, serverSchema = crashSchemas.first } = operation;
  const world = new CrashWorld(store, serverSchema);
  world.notes = false;
  await operation.prepare(world);
  world.notes = true;
  const base = store.disk.image();
  const before = await stateOf(stores, base);
  world.commits.push({ logged: 0, state: before });
  const log: DiskOp[] = [];
  store.disk.log = log;
  await operation.run(world);
  store.disk.log = null;
  await world.stop();
  store.unmount();
  const problems = [...world.faults.map(String), ...world.side.violations];
  if (problems.length > 0) throw new Error(`${name} fails without a crash: ${problems.join('; ')}`);
  if (log.length === 0) throw new Error(`${name} writes nothing`);
  const outcomes = [...world.side.answers.values()].map(({ outcome }) => outcome);
  const { commits, acknowledged, givenUp, assigns, steps, schema } = world;
  return {
    name,
    serverSchema,
    base,
    log,
    commits,
    acknowledged,
    givenUp,
    assigns,
    steps,
    schema,
    endedAt: world.side.time.now(),
    outcomes,
  };
}

async function stateOf(stores: DiskStores, image: Image): Promise<string> {
  const store = stores.mount(image);
  const storage = await store.open({ after: () => () => {} });
  const state = await storage.read(dumpStore);
  await storage.close();
  store.unmount();
  return state;
}
