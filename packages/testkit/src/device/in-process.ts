import type { Schema, Scope, UserId } from '@holdfast/core';
import { MEDIA_TYPE } from '@holdfast/core';
import {
  type Backend,
  createDevice,
  createEngine,
  type Device,
  type HoldOption,
  type Platform,
  readAnswer,
  type WriteHooks,
} from '@holdfast/device';
import { type MemoryStorage, memoryStorage } from '@holdfast/device/node';
import {
  type CommandHandlers,
  createExchange,
  handleExchangeText,
  memoryStore,
  type Principal,
  type ServerStore,
} from '@holdfast/server';
import { createChance } from '../sim/chance.ts';
import { createVirtualTime, settlePromises, type VirtualTime } from '../sim/virtual-time.ts';

/** A server in this process: the real code over the in-memory store. */
export interface InProcessServer {
  readonly store: ServerStore;
  readonly time: VirtualTime;
  handle(principal: Principal, body: string): Promise<{ status: number; body: string }>;
}

const START_MS = 1_767_225_600_000;

export function inProcessServer(
  schema: Schema,
  options: { readonly commands?: CommandHandlers } = {},
): InProcessServer {
  const time = createVirtualTime();
  const clock = { now: () => START_MS + time.now() };
  const store = memoryStore({ schema, clock, random: createChance(1) });
  const exchange = createExchange({ store, schema, clock, ...options });
  return { store, time, handle: (principal, body) => handleExchangeText(exchange, principal, body) };
}

/** What a test does to the way between a device and its server. */
export interface TestLink {
  up: boolean;
  /** Whose token is sent, where it is not the device's user's. */
  as: Principal | null;
  /** The next answers are lost on their way back. */
  loseAnswers: number;
  /** Answers instead of the server, where it is set: an address page, an error. */
  answer: (() => { status: number; type: string; body: string }) | null;
  /** Exchanges that reached the server. */
  requests: number;
}

export interface TestDevice<S extends Schema> {
  readonly device: Device<S>;
  readonly link: TestLink;
  readonly disk: MemoryStorage;
  /** Asks, and runs everything that is due by then. */
  sync(): Promise<void>;
  /** Stops it as a kill does, and gives what the same disk opens to. */
  reopen(): Promise<TestDevice<S>>;
}

export interface TestDeviceOptions {
  readonly user: string;
  readonly role?: string;
  readonly scopes: readonly string[];
  readonly disk?: MemoryStorage;
  readonly clockOffsetMs?: number;
  readonly hooks?: WriteHooks;
  readonly hold?: HoldOption;
  /** Told of faults that must not reach a writer. */
  readonly onFault?: (error: unknown) => void;
  /** Default: true. */
  readonly linkUp?: boolean;
}

let opened = 0;

/** A real device in this process, on a disk in memory, with time that the test turns. */
export async function testDevice<S extends Schema>(
  schema: S,
  server: InProcessServer,
  options: TestDeviceOptions,
): Promise<TestDevice<S>> {
  opened += 1;
  const { time } = server;
  const disk = options.disk ?? memoryStorage({ timers: { after: time.after } });
  const principal: Principal = {
    user: options.user as UserId,
    role: options.role ?? null,
    scopes: options.scopes as readonly Scope[],
  };
  const link: TestLink = { up: options.linkUp ?? true, as: null, loseAnswers: 0, answer: null, requests: 0 };
  const engine = await createEngine({
    schema,
    user: options.user as UserId,
    storage: await disk.openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) }),
    backend: backendOf(server, principal, link),
    platform: platformOf(time, opened, options.clockOffsetMs ?? 0),
    storeName: options.user,
    ...(options.onFault && { onFault: options.onFault }),
    ...(options.hold && { hold: options.hold }),
  });
  let ids = 0;
  const device = await createDevice(
    schema,
    engine,
    () => {
      ids += 1;
      return `${options.user}-${opened}-${ids}`;
    },
    options.hooks,
    options.onFault,
  );
  await settlePromises();
  return {
    device,
    link,
    disk,
    async sync() {
      const done = device.sync();
      await settlePromises();
      await done;
      await settlePromises();
    },
    async reopen() {
      disk.crash();
      await settlePromises();
      return testDevice(schema, server, { ...options, disk, linkUp: true });
    },
  };
}

function backendOf(server: InProcessServer, principal: Principal, link: TestLink): Backend {
  return {
    async exchange(request) {
      if (!link.up) return { type: 'down', detail: 'no link' };
      if (link.answer !== null) {
        const { status, type, body } = link.answer();
        return readAnswer(request, new Response(null, { status, headers: { 'content-type': type } }), body);
      }
      link.requests += 1;
      const { status, body } = await server.handle(link.as ?? principal, JSON.stringify(request));
      if (link.loseAnswers > 0) {
        link.loseAnswers -= 1;
        return { type: 'down', detail: 'the answer was lost' };
      }
      return readAnswer(request, new Response(null, { status, headers: { 'content-type': MEDIA_TYPE } }), body);
    },
    live: (_onNews, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve('never-open'), { once: true })),
  };
}

/** A platform of one tab, whose time the test turns; `offsetMs` is how wrong its clock is. */
export function platformOf(time: VirtualTime, seed: number, offsetMs: number): Platform {
  const tails = new Map<string, Promise<unknown>>();
  return {
    clock: { now: () => START_MS + time.now() + offsetMs, monotonic: () => time.now() },
    random: createChance(seed),
    timers: { after: time.after },
    locks: {
      exclusive(name, work) {
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
