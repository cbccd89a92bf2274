import type { Schema, UserId } from '@holdfast/core';
import {
  type ChangeNotice,
  createDevice,
  createEngine,
  type Device,
  type Locks,
  type NoticeBoard,
  type Platform,
  verify,
} from '@holdfast/device';
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
  /** Its first tab; null while it is off. */
  device: Device<SimSchema> | null;
  /** All its tabs: engines of their own on one store. */
  tabs: Device<SimSchema>[];
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

/** One run of the device's processes, from start to kill. */
interface Life {
  over: boolean;
  readonly locks: Locks;
  readonly listeners: Set<(notice: ChangeNotice) => void>;
}

function newLife(): Life {
  return { over: false, locks: mutex(), listeners: new Set() };
}

/** Carries notices between the tabs of one life, never to the sender. */
function boardFor(own: Life): NoticeBoard {
  const mine = new Set<(notice: ChangeNotice) => void>();
  return {
    post(notice) {
      for (const listener of own.listeners) if (!mine.has(listener)) listener(notice);
    },
    listen(listener) {
      mine.add(listener);
      own.listeners.add(listener);
      return () => own.listeners.delete(listener);
    },
  };
}

/** How often a device has a second tab. */
const SECOND_TAB = 0.3;

export function createSimDevice(name: string, link: SimLink, time: VirtualTime, chance: Chance): SimDevice {
  const disk = memoryStorage({ after: (ms, work) => time.after(ms, work) });
  const faults: string[] = [];
  let offset = 0;
  let life = newLife();

  const platformOf = (own: Life): Platform => ({
    clock: { now: () => WORLD_START_MS + time.now() + offset, monotonic: () => time.now() },
    random: chance,
    timers: {
      after: (ms, work) =>
        time.after(ms, () => {
          if (!own.over) work();
        }),
    },
    // Of all tabs together; a killed process's are gone with it.
    locks: own.locks,
    notices: boardFor(own),
    nudges: { listen: () => () => {} },
  });

  const openTab = async (own: Life): Promise<Device<SimSchema>> => {
    const engine = await createEngine({
      schema: simSchema as Schema,
      user: name as UserId,
      storage: await disk.openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) }),
      backend: {
        // What comes back to a dead process reaches nobody.
        exchange: async (request, signal) => {
          const result = await link.backend.exchange(request, signal);
          return own.over ? new Promise(() => {}) : result;
        },
        live: (onNews, signal) => link.backend.live(() => !own.over && onNews(), signal),
      },
      platform: platformOf(own),
      storeName: name,
      onFault: (error) => {
        if (!own.over) faults.push(String(error instanceof Error ? error.stack : error));
      },
    });
    let ids = 0;
    return createDevice(simSchema, engine, () => {
      ids += 1;
      return `${name}-${time.now()}-${ids}-${chance.below(1e9)}`;
    });
  };

  const sim: SimDevice = {
    user: name,
    link,
    device: null,
    tabs: [],
    acknowledged: new Set(),
    transactions: new Map(),
    faults,
    async start() {
      const own = newLife();
      life = own;
      sim.tabs = [];
      const tabs = chance.happens(SECOND_TAB) ? 2 : 1;
      for (let tab = 0; tab < tabs && !own.over; tab += 1) {
        const device = await openTab(own);
        if (!own.over) sim.tabs.push(device);
      }
      sim.device = sim.tabs[0] ?? null;
    },
    kill() {
      life.over = true;
      sim.device = null;
      sim.tabs = [];
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
