import {
  collection,
  inherit,
  MEDIA_TYPE,
  PROTOCOL_VERSION,
  ref,
  type Schema,
  type Scope,
  schema,
  type UserId,
} from '@holdfast/core';
import { type InProcessServer, inProcessServer, settlePromises } from '@holdfast/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import type { Device } from '../device.ts';
import { createEngine } from '../engine/create-engine.ts';
import { createDevice } from '../facade/create-device.ts';
import { readAnswer } from '../link/read-answer.ts';
import { type MemoryStorage, memoryStorage } from '../platform/node/memory-storage.ts';
import type { Backend, ExchangeResult } from '../ports/backend.ts';
import type { LinkTraits, Locks, Platform } from '../ports/platform.ts';
import type { StorageDriver } from '../ports/storage-driver.ts';
import type { SyncOptions } from './sync-loop.ts';

const app = schema({
  version: 1,
  collections: {
    notes: collection({ text: z.string(), mentor: z.string() }, { scopes: ['mentor:{mentor}'] }),
    remarks: collection({ noteId: ref('notes'), text: z.string() }, { scopes: [inherit('noteId')] }),
  },
});
type App = typeof app;
type Exchange = Backend['exchange'];

const START_MS = 1_767_225_600_000;
const DAY_MS = 86_400_000;
const principal: Parameters<InProcessServer['handle']>[0] = {
  user: 'ada' as UserId,
  role: null,
  scopes: ['mentor:1' as Scope],
};
const never = new Promise<never>(() => {});

let server: InProcessServer;
let disk: MemoryStorage;
let traits: LinkTraits;
let nudge: (why: 'link' | 'foreground') => void;
let news: () => void;
let faults: unknown[];
let opened: Device<App>[];
let locks: Locks;
/** What happens to the exchanges of all tabs, and how many there were. */
let exchange: Exchange;
let requests: number;
let traffic: number;

const toServer: Exchange = async (request) => {
  const { status, body } = await server.handle(principal, JSON.stringify(request));
  return readAnswer(request, new Response(null, { status, headers: { 'content-type': MEDIA_TYPE } }), body);
};

function queue(): Locks {
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

beforeEach(() => {
  server = inProcessServer(app);
  disk = memoryStorage({ timers: { after: server.time.after } });
  traits = { saveData: false, metered: false };
  faults = [];
  opened = [];
  locks = queue();
  exchange = toServer;
  requests = 0;
  traffic = 0;
});

afterEach(async () => {
  expect(faults).toEqual([]);
  disk.crash();
  await settlePromises();
});

async function open(
  sync: Partial<SyncOptions> = {},
  wrap: (storage: StorageDriver) => StorageDriver = (storage) => storage,
): Promise<Device<App>> {
  const { time } = server;
  let fractions = 0;
  const platform: Platform = {
    clock: { now: () => START_MS + time.now(), monotonic: () => time.now() },
    random: {
      bytes: (length) => Uint8Array.from({ length }, () => Math.floor(Math.random() * 256)),
      fraction: () => {
        fractions += 1;
        return (fractions * 0.37) % 1;
      },
    },
    timers: time,
    locks,
    notices: { post() {}, listen: () => () => {} },
    nudges: {
      listen(listener) {
        nudge = listener;
        return () => {};
      },
    },
    linkTraits: () => traits,
  };
  const engine = await createEngine({
    schema: app as Schema,
    user: principal.user,
    storage: wrap(await disk.openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) })),
    backend: {
      exchange(request, signal, call) {
        requests += 1;
        return exchange(request, signal, call);
      },
      live: (onNews) => {
        news = onNews;
        return never;
      },
      takeTraffic() {
        const taken = traffic;
        traffic = 0;
        return { sent: taken, received: 0 };
      },
    },
    platform,
    storeName: 'store',
    sync,
    onFault: (error) => faults.push(error),
  });
  const device = await createDevice(app, engine, () => crypto.randomUUID());
  opened.push(device);
  await settlePromises();
  return device;
}

/** Everything that is due within `ms`. */
async function pass(ms: number): Promise<void> {
  const until = server.time.now() + ms;
  await settlePromises();
  while (server.time.next(until)) await settlePromises();
  await settlePromises();
}

const note = (device: Device<App>, text: string, priority = 5) =>
  device.write((tx) => tx.notes.create({ text, mentor: '1' }), { priority });
const states = async (device: Device<App>) => (await device.outbox.list()).map(({ state }) => state.at);
const onServer = async () => (await server.store.counts())['notes'];
const phase = (device: Device<App>) => device.status.get().phase;

async function countDuring(work: () => unknown, ms = 0): Promise<number> {
  const before = requests;
  await work();
  await pass(ms);
  return requests - before;
}

test('[SY3] starts by itself: at opening, in the foreground, with the link, after a write, by news, every few minutes, when asked', async () => {
  let device: Device<App> | null = null;
  expect(
    await countDuring(async () => {
      device = await open({ pollMs: 180_000 });
    }),
  ).toBe(1);
  const tab = device as unknown as Device<App>;
  expect(await countDuring(() => nudge('foreground'))).toBe(1);
  expect(await countDuring(() => nudge('link'))).toBe(1);
  expect(await countDuring(() => news())).toBe(1);
  expect(await countDuring(() => tab.sync())).toBe(1);
  expect(await countDuring(() => {}, 179_000)).toBe(0);
  expect(await countDuring(() => {}, 2_000)).toBe(1);
  // Writes that follow each other go together.
  const writing = async () => {
    for (let count = 0; count < 10; count += 1) await note(tab, `${count}`);
  };
  expect(await countDuring(writing, 1_000)).toBe(1);
  expect(await onServer()).toBe(10);
});

test('[SY2] tabs of one store take turns', async () => {
  let inside = 0;
  let most = 0;
  exchange = async (request, signal, call) => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise<void>((resolve) => server.time.after(500, resolve));
    inside -= 1;
    return toServer(request, signal, call);
  };
  const [a, b] = [await open(), await open()];
  await note(a, 'a');
  await note(b, 'b');
  await pass(60_000);
  expect([most, await onServer()]).toEqual([1, 2]);
});

test('[NW8] a transport that never answers and heeds no signal is called off; nothing is lost, and it begins anew', async () => {
  const device = await open();
  exchange = () => never;
  await note(device, 'kept');
  await pass(59_000);
  expect(phase(device).at).toBe('exchanging');
  expect(await states(device)).toEqual(['sending']);
  exchange = toServer;
  await pass(10_000);
  expect(await states(device)).toEqual([]);
  expect(await onServer()).toBe(1);
});

test('[NW8] as long as something moves an exchange goes on; a link that says it needs time has it', async () => {
  const device = await open();
  exchange = async (request, signal, call) => {
    for (let piece = 0; piece < 10; piece += 1) {
      call.onProgress(piece === 0 ? 100_000 : 20_000);
      await new Promise<void>((resolve) => server.time.after(piece === 0 ? 100_000 : 15_000, resolve));
    }
    return signal.aborted ? { type: 'down', detail: 'cancelled' } : toServer(request, signal, call);
  };
  await note(device, 'slow');
  expect(await countDuring(() => {}, 260_000)).toBe(1);
  expect(await onServer()).toBe(1);
});

test('[NW8] where not even the store answers any more, the lock is let go: another tab goes on', async () => {
  let stuck = false;
  const wrap = (storage: StorageDriver): StorageDriver => ({
    read: (work) => storage.read(work),
    write: (work) => (stuck ? never : storage.write(work)),
    close: () => storage.close(),
  });
  const a = await open({}, wrap);
  const b = await open();
  exchange = async (request, signal, call) => {
    stuck = true;
    return toServer(request, signal, call);
  };
  await note(a, 'x');
  // To take in what came may take minutes.
  await pass(299_000);
  expect(await states(b)).toEqual(['sending']);
  exchange = toServer;
  void b.sync();
  await pass(30_000);
  expect(await states(b)).toEqual([]);
});

test('[NW5] what is too large is halved until one transaction is alone with it: it waits, its neighbours go on', async () => {
  const device = await open();
  exchange = async (request, signal, call) => {
    const tooLarge = request.mutations.length > 8 || JSON.stringify(request).includes('giant');
    if (!tooLarge) return toServer(request, signal, call);
    return { type: 'rejected', code: 'RequestTooLarge', detail: 'it is too large', speaksOf: 'content' };
  };
  device.pause();
  for (let count = 0; count < 40; count += 1) await note(device, count === 17 ? 'giant' : `${count}`);
  const before = requests;
  device.resume();
  await pass(0);
  expect(await onServer()).toBe(39);
  const left = await device.outbox.list();
  expect(left.map(({ state }) => state)).toMatchObject([{ at: 'waiting', error: 'it is too large' }]);
  expect(left[0]?.tries).toBe(1);
  expect(requests - before).toBeLessThan(30);
});

test('[NW5] where everything is refused, it does not go on and on', async () => {
  const device = await open();
  exchange = async (request, signal, call) =>
    request.mutations.length === 0
      ? toServer(request, signal, call)
      : { type: 'rejected', code: 'MalformedRequest', detail: 'no', speaksOf: 'content' };
  device.pause();
  for (let count = 0; count < 200; count += 1) await note(device, `${count}`);
  const before = requests;
  device.resume();
  await pass(0);
  expect(requests - before).toBeLessThan(300);
  expect(phase(device).at).toBe('waiting');
  expect(await device.outbox.list()).toHaveLength(200);
});

test('[NW5] what speaks of the sender holds all of it, and marks none of it', async () => {
  const device = await open();
  exchange = async () => ({ type: 'rejected', code: 'DeviceTaken', detail: 'no', speaksOf: 'sender' });
  await note(device, 'a');
  await note(device, 'b');
  expect(await countDuring(() => {}, 900)).toBe(1);
  expect((await device.outbox.list()).map(({ state, tries }) => [state.at, tries])).toEqual([
    ['pending', 0],
    ['pending', 0],
  ]);
});

test('[NW2] as long as the server asked to wait, nothing but a person shortens it; being offline counts as no try', async () => {
  const device = await open();
  exchange = async () => ({ type: 'busy', retryAfterMs: 40_000, detail: 'full' });
  await note(device, 'x');
  await pass(100);
  expect(phase(device)).toMatchObject({ at: 'waiting', error: 'full' });
  expect(await countDuring(() => note(device, 'y'), 39_000)).toBe(0);
  exchange = async () => ({ type: 'down', detail: 'gone' });
  expect(await countDuring(() => device.sync())).toBe(1);
  expect(phase(device).at).toBe('offline');
  expect((await device.outbox.list()).map(({ tries }) => tries)).toEqual([1, 0]);
  exchange = toServer;
  expect(await countDuring(() => nudge('link'))).toBe(1);
  expect(await onServer()).toBe(2);
});

test('[NW1] only an answer makes the link up; an error says neither', async () => {
  const device = await open();
  expect(device.status.get().link).toBe('up');
  const links: string[] = [];
  const after = async (result: ExchangeResult) => {
    exchange = async () => result;
    await device.sync();
    links.push(device.status.get().link);
  };
  await after({ type: 'busy', retryAfterMs: null, detail: 'x' });
  await after({ type: 'down', detail: 'a portal' });
  await after({ type: 'busy', retryAfterMs: null, detail: 'x' });
  await after({ type: 'needs-auth' });
  expect(links).toEqual(['up', 'down', 'unknown', 'unknown']);
  exchange = toServer;
  await device.sync();
  expect(device.status.get().link).toBe('up');
});

test('[NW4] a 401 counts as no try: everything is kept, and a write asks nothing', async () => {
  const device = await open();
  exchange = async () => ({ type: 'needs-auth' });
  await note(device, 'x');
  await pass(100);
  expect(phase(device).at).toBe('needs-auth');
  expect(await countDuring(() => note(device, 'y'), 60_000)).toBe(0);
  expect((await device.outbox.list()).map(({ state, tries }) => [state.at, tries])).toEqual([
    ['pending', 0],
    ['pending', 0],
  ]);
  exchange = toServer;
  await device.sync();
  expect(await onServer()).toBe(2);
});

test('[SY13] another version: a clear word, nothing dropped; tried again in the foreground, when asked, and now and then', async () => {
  const device = await open({ pollMs: 180_000 });
  const other = PROTOCOL_VERSION + 1;
  exchange = async (request) => {
    const body = JSON.stringify({ protocol: other, nonce: request.nonce });
    return readAnswer(request, new Response(null, { headers: { 'content-type': MEDIA_TYPE } }), body);
  };
  await note(device, 'x');
  await pass(100);
  expect(phase(device)).toMatchObject({ at: 'upgrade-required', detail: expect.stringContaining('update the app') });
  expect(await countDuring(() => note(device, 'y'), 1_000)).toBe(0);
  expect(await countDuring(() => nudge('foreground'))).toBe(1);
  expect(await countDuring(() => device.sync())).toBe(1);
  expect(await states(device)).toEqual(['pending', 'pending']);
  exchange = toServer;
  expect(await countDuring(() => {}, 181_000)).toBeGreaterThan(0);
  expect(await onServer()).toBe(2);
});

test('[SY13] a device of another version is answered clearly by the server', async () => {
  const device = await open();
  exchange = async (request, signal, call) => {
    const { status, body } = await server.handle(principal, JSON.stringify({ ...request, protocol: 99 }));
    expect(status).toBe(426);
    expect(call.deadlines(0).firstByteMs).toBeGreaterThan(0);
    expect(signal.aborted).toBe(false);
    return readAnswer(request, new Response(null, { status, headers: { 'content-type': MEDIA_TYPE } }), body);
  };
  await note(device, 'x');
  await pass(100);
  expect(phase(device)).toMatchObject({ at: 'upgrade-required', detail: expect.stringContaining('Update the older') });
  expect(await states(device)).toEqual(['pending']);
});

test('[NW8] pausing and closing in the middle lose nothing, and paused means that nothing is asked', async () => {
  const device = await open();
  exchange = () => never;
  await note(device, 'x');
  await pass(100);
  device.pause();
  await pass(0);
  expect(await states(device)).toEqual(['pending']);
  expect(await countDuring(() => nudge('link'), 600_000)).toBe(0);
  device.resume();
  await pass(0);
  expect(await states(device)).toEqual(['sending']);
  await device.close();
  exchange = toServer;
  const again = await open();
  await pass(0);
  expect([await states(again), await onServer()]).toEqual([[], 1]);
});

test('[NW7] on a link to be spared the lowest priorities wait, and nothing else does', async () => {
  traits = { saveData: true, metered: false };
  const device = await open();
  await note(device, 'urgent', 1);
  await note(device, 'normal', 5);
  await note(device, 'some day', 8);
  await note(device, 'whenever', 9);
  await server.store.importRows('notes', [{ id: 'pulled', values: { text: 'from the office', mentor: '1' } }]);
  await pass(400_000);
  expect((await device.outbox.list()).map(({ priority }) => priority)).toEqual([8, 9]);
  expect(await device.query((db) => db.selectFrom('notes').select('id'))).toHaveLength(5);
  traits = { saveData: false, metered: false };
  await device.sync();
  expect(await states(device)).toEqual([]);
});

test('[NW7, OB4] what something urgent waits for is urgent, too', async () => {
  traits = { saveData: false, metered: true };
  const device = await open();
  device.pause();
  await device.write((tx) => tx.notes.create({ id: 'a', text: 'a', mentor: '1' }), { priority: 9 });
  await device.write((tx) => tx.remarks.create({ noteId: 'a', text: 'now' }), { priority: 2 });
  await note(device, 'alone', 9);
  device.resume();
  await pass(60_000);
  expect(await server.store.counts()).toMatchObject({ notes: 1, remarks: 1 });
  expect((await device.outbox.list()).map(({ priority }) => priority)).toEqual([9]);
});

test('[NW7] past the budget of a day low priorities wait for the next day, also after a restart', async () => {
  const device = await open({ bytesPerDay: 10_000 });
  traffic = 9_000;
  await note(device, 'a', 9);
  await pass(1_000);
  expect(await states(device)).toEqual([]);
  traffic = 1_000;
  await note(device, 'b', 9);
  await pass(1_000);
  expect(await states(device)).toEqual(['pending']);
  await device.close();
  const again = await open({ bytesPerDay: 10_000 });
  await note(again, 'c', 7);
  await pass(1_000);
  expect((await again.outbox.list()).map(({ priority }) => priority)).toEqual([9]);
  await pass(DAY_MS);
  expect(await states(again)).toEqual([]);
});

test('[SY2] what a tab that was frozen does when it thaws, changes nothing: neither marks nor answers', async () => {
  // The platform let go of the lock of a frozen tab: nobody waits for anybody.
  locks = { exclusive: (_name, work) => work() };
  const [frozen, other] = [await open(), await open()];
  let thaw: (result: ExchangeResult) => void = () => {};
  const held = new Promise<ExchangeResult>((resolve) => {
    thaw = resolve;
  });
  let late: ExchangeResult | null = null;
  exchange = async (request, signal, call) => {
    late = await toServer(request, signal, call);
    return held;
  };
  await note(frozen, 'x');
  void frozen.sync();
  await pass(0);
  // The other tab goes on, and is on its way with the same entries when the first one thaws.
  let arrive: () => void = () => {};
  exchange = async (request, signal, call) => {
    await new Promise<void>((resolve) => {
      arrive = resolve;
    });
    return toServer(request, signal, call);
  };
  void other.sync();
  await pass(0);
  expect(await states(other)).toEqual(['sending']);
  thaw({ type: 'rejected', code: 'MalformedRequest', detail: 'late', speaksOf: 'content' });
  await pass(0);
  expect(await states(other)).toEqual(['sending']);
  expect((await other.outbox.list()).map(({ tries }) => tries)).toEqual([0]);
  arrive();
  await pass(10_000);
  expect([await states(other), await onServer()]).toEqual([[], 1]);
  expect(late).toMatchObject({ type: 'answered' });
});

test('[SY2] an answer that comes to a thawed tab is not taken in: it is asked again', async () => {
  locks = { exclusive: (_name, work) => work() };
  const [frozen, other] = [await open(), await open()];
  let thaw: () => void = () => {};
  let taken = 0;
  exchange = async (request, signal, call) => {
    const result = await toServer(request, signal, call);
    await new Promise<void>((resolve) => {
      thaw = resolve;
    });
    taken += 1;
    return result;
  };
  await note(frozen, 'x');
  void frozen.sync();
  await pass(0);
  exchange = async () => ({ type: 'busy', retryAfterMs: 600_000, detail: 'later' });
  await other.sync();
  exchange = toServer;
  // Nothing of the old answer counts, and the frozen tab brings it again by itself.
  expect(await countDuring(() => thaw())).toBe(1);
  expect([taken, await states(frozen), await onServer()]).toEqual([1, [], 1]);
});

test('[OB7, OB8] what was being sent when the device died is said to be sent only while it is', async () => {
  const device = await open();
  exchange = () => never;
  await note(device, 'x', 9);
  await pass(100);
  expect(await states(device)).toEqual(['sending']);
  disk.crash();
  await settlePromises();
  locks = queue();
  // Nothing of it goes now: it waits like all others.
  traits = { saveData: true, metered: false };
  exchange = toServer;
  const again = await open();
  await pass(1_000);
  expect(await states(again)).toEqual(['pending']);
});
