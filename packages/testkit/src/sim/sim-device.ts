import { hasCode, type Schema, type UserId } from '@holdfast/core';
import {
  type ChangeNotice,
  createDevice,
  createEngine,
  type Device,
  type HoldOption,
  type NoticeBoard,
  type Platform,
  type StorageDriver,
  verify,
} from '@holdfast/device';
import { createChance, seedFor } from './chance.ts';
import { createSimClock, type SimClock } from './sim-clock.ts';
import type { SimDisk } from './sim-disk.ts';
import type { SimLink } from './sim-link.ts';
import { createSimLocks, type SimLocks } from './sim-locks.ts';
import { type SimSchema, schemaOf } from './sim-schema.ts';
import { createTabGate, type TabGate } from './tab-gate.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface SimTab {
  readonly device: Device<SimSchema>;
  readonly gate: TabGate;
}

/** One installation: a disk that survives kills, and engines that do not. */
export interface SimDevice {
  /** Unlike the user's, it is its own: two devices of one user have two. */
  readonly name: string;
  readonly user: string;
  readonly link: SimLink;
  readonly disk: SimDisk;
  readonly clock: SimClock;
  /** What it holds of all that its user may see. */
  readonly hold: HoldOption<SimSchema>;
  /** The version of the app: of the schema it opens its store with, from its next start on. */
  version: number;
  /** Its open tabs, each an engine of its own on the one store. None while it is off. */
  readonly tabs: readonly SimTab[];
  start(): Promise<void>;
  /** Stops it in the middle of whatever it does. */
  kill(): void;
  /** Closes every tab in good order. */
  close(): Promise<void>;
  freeze(tab: SimTab): void;
  /** Another device goes on from a copy of this one's disk, or this one from another's (hazard B7). */
  copied: boolean;
  /** How often it said that it would have to read everything more often than it may (hazard A9). */
  limited: number;
  /** Mutations of writes that resolved: from then on they must never be lost. */
  readonly acknowledged: Set<string>;
  /** Transaction → its mutations: they show and are answered together. */
  readonly transactions: Map<string, readonly string[]>;
  /** What the device recomputes from nothing and finds different (SY5). */
  verify(): Promise<string[]>;
  /** Errors that nothing in this world explains. */
  readonly faults: string[];
}

/** One run of the device's processes, from start to kill. */
interface Life {
  over: boolean;
  readonly locks: SimLocks;
  readonly listeners: Set<(notice: ChangeNotice) => void>;
}

export interface SimDeviceParts {
  readonly name: string;
  readonly user: string;
  readonly link: SimLink;
  readonly disk: SimDisk;
  readonly time: VirtualTime;
  readonly seed: number;
  readonly version: number;
  readonly hold: HoldOption<SimSchema>;
}

/** How often a device has a second tab. */
const SECOND_TAB = 0.3;
const KEY = { key: new Uint8Array(32), salt: new Uint8Array(16) };

export function createSimDevice(parts: SimDeviceParts): SimDevice {
  const { name, user, link, disk, time, seed } = parts;
  const clock = createSimClock(time);
  const chance = createChance(seedFor(seed, 'device', name));
  const faults: string[] = [];
  let life: Life | null = null;
  let tabs: SimTab[] = [];

  const openTab = async (own: Life): Promise<SimTab> => {
    const gate = createTabGate();
    const schema = schemaOf(sim.version);
    const engine = await createEngine({
      schema: schema as Schema,
      user: user as UserId,
      storage: gatedStorage(await disk.storage.openDatabase(KEY), gate),
      backend: {
        // What comes back to a dead process reaches nobody, to a frozen one later.
        async exchange(request, signal, call) {
          const result = await link.backend.exchange(request, signal, call);
          await gate.open();
          return own.over ? new Promise(() => {}) : result;
        },
        live: (onNews, signal) => link.backend.live(() => gate.pass(() => !own.over && onNews()), signal),
      },
      platform: platformOf(own, gate),
      storeName: name,
      hold: parts.hold as HoldOption,
      onFault: (error) => {
        if (hasCode(error, 'ReadLimit')) sim.limited += 1;
        else if (!own.over && !isExplained(error, disk)) faults.push(`${name}: ${wordsOf(error)}`);
      },
    });
    let ids = 0;
    const device = await createDevice(schema, engine, () => {
      ids += 1;
      return `${name}-${time.now()}-${ids}-${chance.below(1e9)}`;
    });
    return { device, gate };
  };

  const platformOf = (own: Life, gate: TabGate): Platform => ({
    clock,
    random: chance,
    timers: {
      after: (ms, work) => {
        let cancelled = false;
        const cancel = time.after(ms, () => gate.pass(() => !own.over && !cancelled && work()));
        return () => {
          cancelled = true;
          cancel();
        };
      },
    },
    locks: own.locks.forTab(gate),
    notices: boardFor(own, gate),
    nudges: { listen: () => () => {} },
  });

  const sim: SimDevice = {
    name,
    user,
    link,
    disk,
    clock,
    hold: parts.hold,
    version: parts.version,
    get tabs() {
      return tabs;
    },
    copied: false,
    limited: 0,
    acknowledged: new Set(),
    transactions: new Map(),
    faults,
    async start() {
      const own: Life = { over: false, locks: createSimLocks(), listeners: new Set() };
      life = own;
      tabs = [];
      const count = chance.happens(SECOND_TAB) ? 2 : 1;
      try {
        for (let tab = 0; tab < count && !own.over; tab += 1) {
          const opened = await openTab(own);
          if (!own.over) tabs.push(opened);
        }
      } catch (error) {
        if (!own.over && !isExplained(error, disk)) throw error;
      }
    },
    kill() {
      if (life !== null) life.over = true;
      life = null;
      tabs = [];
      disk.storage.crash();
    },
    async close() {
      const closing = tabs.map(({ device }) => device.close());
      tabs = [];
      await Promise.all(closing);
    },
    freeze(tab) {
      tab.gate.freeze();
      // Some browsers free its locks, others leave them with it.
      if (chance.happens(0.5)) life?.locks.takeFrom(tab.gate);
    },
    async verify() {
      const storage = await disk.storage.openDatabase(KEY);
      const found = await storage.read((tx) => verify(tx, schemaOf(sim.version) as Schema));
      return found.map(
        (each) =>
          `[SY5] ${name} ${each.collection}/${each.record}: ${each.problem} ${JSON.stringify([each.expected, each.visible])}`,
      );
    },
  };
  return sim;
}

function isExplained(error: unknown, disk: SimDisk): boolean {
  return disk.wasFull && wordsOf(error).includes('StoreFull');
}

function wordsOf(error: unknown): string {
  return String(error instanceof Error ? error.stack : error);
}

/** A frozen tab begins no transaction, and does not learn how one ended. */
function gatedStorage(driver: StorageDriver, gate: TabGate): StorageDriver {
  return {
    async read(work) {
      await gate.open();
      const result = await driver.read(work);
      await gate.open();
      return result;
    },
    async write(work) {
      await gate.open();
      const result = await driver.write(work);
      await gate.open();
      return result;
    },
    close: () => driver.close(),
  };
}

/** Carries notices between the tabs of one life, never to the sender. */
function boardFor(own: Life, gate: TabGate): NoticeBoard {
  const mine = new Set<(notice: ChangeNotice) => void>();
  return {
    post(notice) {
      for (const listener of own.listeners) if (!mine.has(listener)) listener(notice);
    },
    listen(listener) {
      const heard = (notice: ChangeNotice) => gate.pass(() => !own.over && listener(notice));
      mine.add(heard);
      own.listeners.add(heard);
      return () => own.listeners.delete(heard);
    },
  };
}
