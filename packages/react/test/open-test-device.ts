/**
 * A real device over a store in memory, and the real server in the same process. `link` is the cable
 * between them.
 */
import { collection, type Scope, schema, type UserId } from '@holdfast/core';
import { type Backend, createDevice, createEngine, type Device, type Platform } from '@holdfast/device';
import { memoryStorage } from '@holdfast/device/node';
import { createExchange, memoryStore, type Principal } from '@holdfast/server';
import * as z from 'zod';

export const notebook = schema({
  version: 1,
  collections: {
    notes: collection({ title: z.string().min(1), list: z.string() }, { scopes: ['everyone'] }),
  },
});

export type Notebook = typeof notebook;

const PRINCIPAL: Principal = { user: 'ada' as UserId, role: null, scopes: ['everyone' as Scope] };
const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const random = {
  bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
  fraction: () => Math.random(),
};

export interface TestDevice {
  readonly device: Device<Notebook>;
  readonly link: { up: boolean };
  /** How many live queries are running. */
  liveQueries(): number;
}

export async function openTestDevice(): Promise<TestDevice> {
  const link = { up: false };
  const store = memoryStore({ schema: notebook, clock, random });
  const exchange = createExchange({ store, schema: notebook, clock });
  const backend: Backend = {
    async exchange(request) {
      if (!link.up) return { type: 'down', detail: 'the cable is out' };
      const answered = await exchange(PRINCIPAL, request);
      if (!answered.ok) return { type: 'rejected', code: answered.error.code, detail: '', speaksOf: 'sender' };
      return { type: 'answered', response: answered.value, bytes: 0 };
    },
    live: async () => 'never-open',
  };
  const storage = await memoryStorage().openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) });
  const engine = await createEngine({
    schema: notebook,
    user: PRINCIPAL.user,
    storage,
    backend,
    platform: platform(),
    storeName: 'notebook',
  });
  let id = 0;
  const device = await createDevice(notebook, engine, () => `note-${++id}`);
  return counting(device, link);
}

/** The same device; only counts what is asked of it. */
function counting(device: Device<Notebook>, link: { up: boolean }): TestDevice {
  let running = 0;
  const counted: Device<Notebook> = {
    ...device,
    live(...query) {
      const stop = device.live(...query);
      running += 1;
      return () => {
        running -= 1;
        stop();
      };
    },
  };
  return { device: counted, link, liveQueries: () => running };
}

function platform(): Platform {
  const turns = new Map<string, Promise<unknown>>();
  return {
    clock,
    random,
    timers: {
      after(ms, work) {
        const timer = setTimeout(work, ms);
        return () => clearTimeout(timer);
      },
    },
    locks: {
      exclusive(name, work) {
        const mine = (turns.get(name) ?? Promise.resolve()).then(() => work());
        turns.set(
          name,
          mine.catch(() => undefined),
        );
        return mine;
      },
    },
    notices: { post: () => undefined, listen: () => () => undefined },
    nudges: { listen: () => () => undefined },
  };
}
