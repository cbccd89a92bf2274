import { hasCode, type Schema, type UserId, uuidV7 } from '@holdfast/core';
import {
  type Backend,
  createDevice,
  createEngine,
  type Device,
  type Difference,
  type ReadTx,
  type StorageDriver,
  verify,
  type WriteTx,
} from '@holdfast/device';
import { memoryStorage } from '@holdfast/device/node';
import { type Chance, createChance } from '../sim/chance.ts';
import { settlePromises, type VirtualTime } from '../sim/virtual-time.ts';

/** A device over a backend of the test's own, on a disk in memory, that can die at any statement. */
export interface RestDevice<S extends Schema> {
  device(): Device<S>;
  /** Dies at the so-manieth statement that writes from here on; null: lives. */
  dieAfterStatements(count: number | null): void;
  die(): void;
  /** Opens again what is dead; else nothing. */
  revive(): Promise<void>;
  /** What is asked of a device that something under way may kill: asked again then. */
  alive<T>(work: () => Promise<T>): Promise<T>;
  /** Asks once; ends when nothing is under way any more, or the device is dead. */
  sync(): Promise<void>;
  read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T>;
  differences(): Promise<readonly Difference[]>;
  readonly faults: readonly string[];
}

const KEY = { key: new Uint8Array(32), salt: new Uint8Array(16) };
const START_MS = 1_767_225_600_000;

export async function restDevice<S extends Schema>(
  schema: S,
  name: string,
  time: VirtualTime,
  seed: number,
  backendOf: (kill: () => void) => Backend,
): Promise<RestDevice<S>> {
  const disk = memoryStorage({ timers: { after: time.after } });
  const chance = createChance(seed);
  const faults: string[] = [];
  let statements: number | null = null;
  let life = { over: true };
  let device: Device<S> | null = null;

  const die = () => {
    life.over = true;
    statements = null;
    disk.crash();
  };
  const open = async () => {
    const own = { over: false };
    life = own;
    const driver = mortal(await disk.openDatabase(KEY), () => {
      if (statements === null || own.over) return;
      statements -= 1;
      if (statements <= 0) die();
    });
    const engine = await createEngine({
      schema,
      user: name as UserId,
      storage: driver,
      backend: backendOf(die),
      platform: platformOf(time, chance, own),
      storeName: name,
      onFault: (error) => {
        if (!own.over) faults.push(String(error instanceof Error ? error.stack : error));
      },
    });
    device = await createDevice(schema, engine, () => uuidV7(START_MS + time.now(), chance.bytes(10)));
    await settlePromises();
  };
  await open();
  const living = () => {
    if (device === null) throw new Error('never opened');
    return device;
  };
  return {
    device: living,
    die,
    dieAfterStatements: (count) => {
      statements = count;
    },
    async revive() {
      if (life.over) await open();
    },
    async alive(work) {
      for (;;) {
        try {
          if (life.over) await open();
          return await work();
        } catch (error) {
          if (!hasCode(error, 'StoreClosed')) throw error;
        }
      }
    },
    async sync() {
      // A dead process's promise never ends.
      const done = living()
        .sync()
        .catch((error: unknown) => {
          if (!life.over) faults.push(String(error));
        });
      let ended = false;
      void done.then(() => {
        ended = true;
      });
      for (let turn = 0; turn < 200 && !ended && !life.over; turn += 1) await settlePromises();
      if (!ended && !life.over) faults.push('a sync that does not end');
      await settlePromises();
    },
    async read(work) {
      return (await disk.openDatabase(KEY)).read(work);
    },
    async differences() {
      return (await disk.openDatabase(KEY)).read((tx) => verify(tx, schema));
    },
    faults,
  };
}

/** The driver, telling of every statement that writes, before it runs. */
function mortal(driver: StorageDriver, tick: () => void): StorageDriver {
  return {
    read: (work) => driver.read(work),
    write: (work) =>
      driver.write((tx: WriteTx) =>
        work({
          all: (sql, parameters) => tx.all(sql, parameters),
          run: (sql, parameters) => {
            tick();
            return tx.run(sql, parameters);
          },
          runMany: (sql, rows) => {
            tick();
            return tx.runMany(sql, rows);
          },
        }),
      ),
    close: () => driver.close(),
  };
}

function platformOf(time: VirtualTime, chance: Chance, life: { readonly over: boolean }) {
  const tails = new Map<string, Promise<unknown>>();
  return {
    clock: { now: () => START_MS + time.now(), monotonic: () => time.now() },
    random: chance,
    timers: {
      after: (ms: number, work: () => void) =>
        time.after(ms, () => {
          if (!life.over) work();
        }),
    },
    locks: {
      exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
        const run = (tails.get(name) ?? Promise.resolve()).then(work, work);
        tails.set(
          name,
          run.catch(() => undefined),
        );
        return run;
      },
    },
    notices: { post() {}, listen: () => () => {} },
    nudges: { listen: () => () => {} },
  };
}
