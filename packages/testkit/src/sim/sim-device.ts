import type { Schema, UserId } from '@holdfast/core';
import { createDevice, createEngine, type Device, type Locks, type Platform, verify } from '@holdfast/device';
import { memoryStorage } from '@holdfast/device/node';
import type { Chance } from './chance.ts';
import type { SimLink } from './sim-network.ts';
import { simSchema } from './sim-schema.ts';
import { WORLD_START_MS } from './sim-server.ts';
import type { VirtualTime } from './virtual-time.ts';

export type SimSchema = typeof simSchema;

/** One installation: a disk that survives kills, and an engine that does not. */
export interface SimDevice {
  readonly user: string;
  readonly link: SimLink;
  /** Null while it is off. */
  device: Device<SimSchema> | null;
  start(): Promise<void>;
  /** Stops it in the middle of whatever it does. */
  kill(): void;
  setClock(offsetMs: number): void;
  /** Mutations of writes that resolved: from then on they must never be lost. */
  readonly acknowledged: Set<string>;
  /** Transaction → its mutations: they show and are answered together. */
  readonly transactions: Map<string, readonly string[]>;
  verify(): Promise<string[]>;
  readonly faults: string[];
}

function mutex(): Locks {
  const tails = new Map<string, Promise<unknown>>();
  return {
    exclusive(name, work) {
      const run = (tails.get(name) ?? Promise.resolve()).then(work, work);
      tails.set(
        name,
        run.catch(() => undefined),
      );
      return run;
    },
  };
}

export function createSimDevice(name: string, link: SimLink, time: VirtualTime, chance: Chance): SimDevice {
  const disk = memoryStorage({ after: (ms, work) => time.after(ms, work) });
  const faults: string[] = [];
  let offset = 0;
  let life = { over: false };

  const platformOf = (own: { over: boolean }): Platform => ({
    clock: { now: () => WORLD_START_MS + time.now() + offset, monotonic: () => time.now() },
    random: chance,
    timers: {
      after: (ms, work) =>
        time.after(ms, () => {
          if (!own.over) work();
        }),
    },
    // The locks of a killed process are gone with it.
    locks: mutex(),
    notices: { post() {}, listen: () => () => {} },
    nudges: { listen: () => () => {} },
  });

  const sim: SimDevice = {
    user: name,
    link,
    device: null,
    acknowledged: new Set(),
    transactions: new Map(),
    faults,
    async start() {
      const own = { over: false };
      life = own;
      const storage = await disk.openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) });
      const platform = platformOf(own);
      const engine = await createEngine({
        schema: simSchema as Schema,
        user: name as UserId,
        storage,
        backend: {
          // What comes back to a dead process reaches nobody.
          exchange: async (request, signal) => {
            const result = await link.backend.exchange(request, signal);
            return own.over ? new Promise(() => {}) : result;
          },
          live: (onNews, signal) => link.backend.live(() => !own.over && onNews(), signal),
        },
        platform,
        storeName: name,
        onFault: (error) => {
          if (!own.over) faults.push(String(error instanceof Error ? error.stack : error));
        },
      });
      let ids = 0;
      const newId = () => {
        ids += 1;
        return `${name}-${time.now()}-${ids}-${chance.below(1e9)}`;
      };
      const device = await createDevice(simSchema, engine, newId);
      if (!own.over) sim.device = device;
    },
    kill() {
      life.over = true;
      sim.device = null;
      disk.crash();
    },
    setClock(offsetMs) {
      offset = offsetMs;
    },
    async verify() {
      const storage = await disk.openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) });
      const found = await storage.read((tx) => verify(tx, simSchema as Schema));
      return found.map(
        (each) =>
          `[SY5] ${name} ${each.collection}/${each.record}: ${each.problem} ${JSON.stringify([each.expected, each.visible])}`,
      );
    },
  };
  return sim;
}
