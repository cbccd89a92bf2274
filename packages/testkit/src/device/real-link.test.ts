import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { collection, type Schema, type Scope, schema, type UserId } from '@holdfast/core';
import { createDevice, createEngine, type Device, httpBackend, type Platform } from '@holdfast/device';
import { type MemoryStorage, memoryStorage } from '@holdfast/device/node';
import {
  createHandler,
  jwtAuth,
  memoryStore,
  type RunningServer,
  type ServerStore,
  serve,
  signToken,
} from '@holdfast/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { type CuttableProxy, cuttableProxy } from '../browser/cuttable-proxy.ts';
import { systemPorts } from '../system-ports.ts';

/** Real sockets, a real server, and a line between them that delays, narrows, swallows and breaks. */

const app = schema({
  version: 1,
  collections: { notes: collection({ text: z.string(), mentor: z.string() }, { scopes: ['mentor:{mentor}'] }) },
});
type App = typeof app;

const secret = 'a secret of this test, long enough';
const clock = { now: () => Date.now() };
const scopes = ['mentor:1' as Scope];

let server: RunningServer;
let store: ServerStore;
let proxies: CuttableProxy[];
let devices: Device<App>[];
let disk: MemoryStorage;
/** Milliseconds by which the device's clocks have been put forward. */
let ahead: number;

beforeEach(async () => {
  store = memoryStore({ schema: app as Schema, clock, random: { bytes: (length) => randomBytes(length) } });
  const handler = createHandler({ store, schema: app as Schema, auth: jwtAuth({ secret, clock }), clock });
  server = await serve({ handler, port: 0, graceMs: 200 });
  proxies = [];
  devices = [];
  disk = memoryStorage();
  ahead = 0;
});

afterEach(async () => {
  for (const device of devices) await device.close();
  for (const proxy of proxies) await proxy.close();
  await server.stop();
});

async function line(shape: { kbit?: number; rttMs?: number } = {}): Promise<CuttableProxy> {
  const proxy = await cuttableProxy({ port: server.port, ...shape });
  proxies.push(proxy);
  return proxy;
}

const urlOf = ({ port }: CuttableProxy) => `http://127.0.0.1:${port}`;

/** What is given up after so much less time than in earnest. */
const HASTE = 40;

interface OpenedDevice {
  readonly device: Device<App>;
  /** Bytes of each request's body on the wire, and of JSON asked for, in order. */
  readonly sent: number[];
}

interface OpenOptions {
  readonly haste?: number;
  /** What stands before the network. */
  readonly through?: (target: string, init: RequestInit) => Promise<Response>;
}

async function open(url: string | readonly string[], options: OpenOptions = {}): Promise<OpenedDevice> {
  const { haste = 1, through = (target, init) => fetch(target, init) } = options;
  const { clock: real, random } = systemPorts;
  const platform: Platform = {
    clock: { now: () => real.now() + ahead, monotonic: () => performance.now() + ahead },
    random,
    timers: {
      after(ms, work) {
        const timer = setTimeout(work, ms / haste);
        return () => clearTimeout(timer);
      },
    },
    locks: { exclusive: (_name, work) => work() },
    notices: { post() {}, listen: () => () => {} },
    nudges: { listen: () => () => {} },
  };
  const sent: number[] = [];
  const token = await signToken({ user: 'ada', role: null, scopes }, { secret, clock });
  const engine = await createEngine({
    schema: app as Schema,
    user: 'ada' as UserId,
    storage: await disk.openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) }),
    backend: httpBackend({
      url,
      token: () => token,
      gzip: async (text) => new Uint8Array(await promisify(gzip)(text)),
      fetch(target, init) {
        if (target.endsWith('/v1/exchange')) sent.push((init.body as string | Uint8Array).length);
        return through(target, init);
      },
    }),
    platform,
    storeName: 'store',
    sync: { pollMs: 3_600_000 * haste },
  });
  const device = await createDevice(app, engine, () => crypto.randomUUID());
  devices.push(device);
  return { device, sent };
}

const states = async (device: Device<App>) => (await device.outbox.list()).map(({ state }) => state.at);
const onServer = async () => (await store.counts())['notes'];

/** Asks until all is sent; an endless wait is for the test's own limit. */
async function drain(device: Device<App>): Promise<void> {
  while ((await states(device)).length > 0) await device.sync();
}

test('[NW8] a line that swallows everything is given up in its time; nothing is lost, and it goes on when it heals', async () => {
  const proxy = await line();
  const { device } = await open(urlOf(proxy), { haste: HASTE });
  await device.sync();
  expect(device.status.get().link).toBe('up');
  proxy.swallow();
  await device.write((tx) => tx.notes.create({ text: 'kept', mentor: '1' }));
  await device.sync();
  // It tries again by itself meanwhile.
  expect(device.status.get().link).toBe('down');
  expect(await device.outbox.list()).toHaveLength(1);
  await proxy.heal();
  await drain(device);
  expect([device.status.get().link, await onServer()]).toEqual(['up', 1]);
});

test('[SY7, NW1] a body that is cut in the middle is no answer; the same is brought again', async () => {
  const proxy = await line();
  const { device } = await open(urlOf(proxy));
  await device.sync();
  const rows = Array.from({ length: 500 }, (_, index) => ({
    id: `n${index}`,
    values: { text: randomBytes(200).toString('hex'), mentor: '1' },
  }));
  device.pause();
  await store.importRows('notes', rows);
  await device.write((tx) => tx.notes.create({ text: 'mine', mentor: '1' }));
  proxy.cutWithin(20_000);
  device.resume();
  await device.sync();
  // It was taken on the server, and nobody here knows.
  expect(await onServer()).toBe(501);
  await drain(device);
  const shown = await device.query((db) => db.selectFrom('notes').select('id'));
  expect([shown.length, await onServer()]).toEqual([501, 501]);
});

test('[NW6] over 64 kbit/s much is sent in pieces that take seconds each, compressed, and all of it arrives', async () => {
  const proxy = await line({ kbit: 64, rttMs: 100 });
  const { device, sent } = await open(urlOf(proxy));
  await device.sync();
  device.pause();
  const text = () => randomBytes(150).toString('hex').repeat(4);
  for (let count = 0; count < 100; count += 1)
    await device.write((tx) => tx.notes.create({ text: text(), mentor: '1' }));
  const before = proxy.wire().up;
  const startedAt = sent.length;
  device.resume();
  await drain(device);
  expect(await onServer()).toBe(100);
  const pieces = sent.slice(startedAt);
  // 12 s of a line of 8 KB a second at the most, where all of it is 100 KB of JSON.
  expect(pieces.length).toBeGreaterThan(1);
  expect(proxy.wire().up - before).toBeLessThan(100 * 1_000);
});

test('[NW3] the next address serves while the first is gone, and the first again when it is well', async () => {
  const [first, second] = [await line(), await line()];
  const { device } = await open([urlOf(first), urlOf(second)]);
  await device.sync();
  const exchanges = (proxy: CuttableProxy) => proxy.wire().requests['POST /v1/exchange'] ?? 0;
  expect(exchanges(second)).toBe(0);
  await first.cut();
  for (let count = 0; count < 3; count += 1) {
    await device.write((tx) => tx.notes.create({ text: `${count}`, mentor: '1' }));
    await device.sync();
    expect(await states(device)).toEqual([]);
  }
  expect(device.status.get().link).toBe('up');
  const served = exchanges(second);
  expect(served).toBeGreaterThanOrEqual(3);
  const before = exchanges(first);
  await first.heal();
  ahead += 600_000;
  // One more goes to the second while the first is probed; then the first has it back.
  while (exchanges(first) === before) await device.sync();
  expect(first.wire().requests['POST /v1/probe']).toBeGreaterThan(0);
  expect(await onServer()).toBe(3);
});

test('[NW5] a proxy on the way that takes no large bodies is got along with', async () => {
  let refused = 0;
  const through = async (target: string, init: RequestInit) => {
    const size = init.body instanceof Uint8Array ? init.body.length : 0;
    if (size < 6_000) return fetch(target, init);
    refused += 1;
    const headers = { 'content-type': 'text/html' };
    return new Response('<html>413 Request Entity Too Large</html>', { status: 413, headers });
  };
  const { device } = await open(server.url, { through });
  device.pause();
  for (let count = 0; count < 60; count += 1) {
    await device.write((tx) => tx.notes.create({ text: randomBytes(300).toString('hex'), mentor: '1' }));
  }
  await device.write((tx) => tx.notes.create({ text: randomBytes(6_000).toString('hex'), mentor: '1' }));
  device.resume();
  while ((await states(device)).some((at) => at !== 'waiting')) await device.sync();
  expect(refused).toBeGreaterThan(0);
  expect([await onServer(), await states(device)]).toEqual([60, ['waiting']]);
});
