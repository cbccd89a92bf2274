import { type DeviceId, MEDIA_TYPE, mintEpoch, must } from '@holdfast/core';
import { clinic, MutationMaker, requestOf } from '@holdfast/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jwtAuth, signToken } from '../auth/jwt-auth.ts';
import { memoryStore } from '../memory/memory-store.ts';
import { type RunningServer, serve } from '../node/serve.ts';
import type { ServerStore } from '../store/server-store.ts';
import { createHandler, type HandlerTuning } from './create-handler.ts';

const secret = 'a secret of this test, long enough';
const HEARTBEAT = ': \n\n';
const NEWS = 'data: {"news":true}\n\n';

let now: number;
let make: MutationMaker;
let server: RunningServer;
let store: ServerStore;
const clock = { now: () => now };

async function start(tuning: Partial<HandlerTuning> = {}): Promise<void> {
  store = memoryStore({ schema: clinic, epoch: mintEpoch(1_700_000_000_000, new Uint8Array(4), null) });
  const auth = jwtAuth({ secret, clock });
  const handler = createHandler({ store, schema: clinic, auth, clock, tuning: { coalesceMs: 5, ...tuning } });
  server = await serve({ handler, port: 0, graceMs: 500 });
}

beforeEach(async () => {
  now = 1_700_000_500_000;
  make = new MutationMaker();
  await start();
});

afterEach(() => server.stop());

const tokenOf = (user: string, ...scopes: string[]) => signToken({ user, role: null, scopes }, { secret, clock });

class Listener {
  readonly #abort = new AbortController();
  #reader: ReadableStreamDefaultReader<string> | null = null;
  #rest = '';
  status = 0;

  async open(user: string, ...scopes: string[]): Promise<this> {
    const headers = { authorization: `Bearer ${await tokenOf(user, ...scopes)}` };
    const response = await fetch(`${server.url}/v1/live`, { headers, signal: this.#abort.signal });
    this.status = response.status;
    if (response.ok) {
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      this.#reader = must(response.body, 'a body').pipeThrough(new TextDecoderStream()).getReader();
      expect(await this.next()).toBe(': open\n\n');
    }
    return this;
  }

  /** The next event or comment; null at the end. Several may arrive in one piece. */
  async next(): Promise<string | null> {
    for (;;) {
      const end = this.#rest.indexOf('\n\n');
      if (end >= 0) {
        const event = this.#rest.slice(0, end + 2);
        this.#rest = this.#rest.slice(end + 2);
        return event;
      }
      const { done, value } = await must(this.#reader, 'an open stream').read();
      if (done) return null;
      this.#rest += value;
    }
  }

  leave(): void {
    this.#abort.abort();
  }
}

async function write(mentor: string, record: string): Promise<void> {
  const device = make.uuid<DeviceId>();
  const values = { name: record, phone: null, mentorId: mentor };
  const request = requestOf(device, { mutations: [make.create({ collection: 'contacts', record, values })] });
  const response = await fetch(`${server.url}/v1/exchange`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await tokenOf(mentor, `mentor:${mentor}`)}`, 'content-type': MEDIA_TYPE },
    body: JSON.stringify(request),
  });
  expect(await response.json()).toMatchObject({ receipts: [{ outcome: 'applied' }] });
}

describe('the live stream', () => {
  test('[SY3, SV5] tells of news in the scopes of its user, and of no others', async () => {
    const ada = await new Listener().open('ada', 'mentor:ada');
    const bob = await new Listener().open('bob', 'mentor:bob');
    await write('ada', 'c1');
    expect(await ada.next()).toBe(NEWS);
    await write('bob', 'c2');
    // The first thing bob hears is his own news: nothing of ada's came before it.
    expect(await bob.next()).toBe(NEWS);
    const quiet = ada.next();
    ada.leave();
    await expect(quiet).rejects.toThrow();
    bob.leave();
  });

  test('[SY3] news that follow each other are one event', async () => {
    await server.stop();
    await start({ heartbeatMs: 50 });
    const ada = await new Listener().open('ada', 'mentor:ada');
    // In memory both are committed before any timer runs.
    for (const id of ['c1', 'c2']) {
      await store.importRows('contacts', [{ id, values: { name: id, phone: null, mentorId: 'ada' } }]);
    }
    let event = await ada.next();
    while (event === HEARTBEAT) event = await ada.next();
    expect(event).toBe(NEWS);
    expect(await ada.next()).toBe(HEARTBEAT);
    ada.leave();
  });

  test('[SV6] their number is bounded; who leaves makes room', async () => {
    await server.stop();
    await start({ maxStreamsPerUser: 1 });
    const first = await new Listener().open('ada', 'mentor:ada');
    expect((await new Listener().open('ada', 'mentor:ada')).status).toBe(503);
    expect((await new Listener().open('bob', 'mentor:bob')).status).toBe(200);
    first.leave();
    let again = await new Listener().open('ada', 'mentor:ada');
    while (again.status === 503) again = await new Listener().open('ada', 'mentor:ada');
    expect(again.status).toBe(200);
  });

  test('[SV6] a HEAD opens none: nobody could leave it', async () => {
    await server.stop();
    await start({ maxStreamsPerUser: 1 });
    const headers = { authorization: `Bearer ${await tokenOf('ada', 'mentor:ada')}` };
    expect((await fetch(`${server.url}/v1/live`, { method: 'HEAD', headers })).status).toBe(400);
    const ada = await new Listener().open('ada', 'mentor:ada');
    expect(ada.status).toBe(200);
    ada.leave();
  });

  test('[SV5] ends with its token', async () => {
    await server.stop();
    await start({ heartbeatMs: 20 });
    const ada = await new Listener().open('ada', 'mentor:ada');
    expect(await ada.next()).toBe(HEARTBEAT);
    now += 3_600_000;
    let piece = await ada.next();
    while (piece !== null) piece = await ada.next();
    expect(piece).toBeNull();
  });

  test('[SV7] a stop ends the streams', async () => {
    const ada = await new Listener().open('ada', 'mentor:ada');
    await server.stop();
    expect(await ada.next()).toBeNull();
    await start();
  });

  test('[NW4] nobody listens without a token', async () => {
    expect((await fetch(`${server.url}/v1/live`)).status).toBe(401);
  });
});
