import { type ExchangeRequest, MEDIA_TYPE, PROTOCOL_VERSION, WANT_ALL } from '@holdfast/core';
import { createVirtualTime, settlePromises, type VirtualTime } from '@holdfast/testkit';
import { beforeEach, expect, test } from 'vitest';
import { webGzip } from '../platform/web-gzip.ts';
import type { Backend } from '../ports/backend.ts';
import { type HttpBackendOptions, httpBackend } from './http-backend.ts';
import { deadlinesFor, UNKNOWN_SPEED } from './link-speed.ts';

const request = {
  protocol: PROTOCOL_VERSION,
  schema: 1,
  device: '018f0000-0000-7000-8000-000000000001',
  nonce: 'abcdefghijklmnop',
  epoch: null,
  mutations: [],
  ack: { receipts: [], floor: null },
  cursor: null,
  catchUp: null,
  want: WANT_ALL,
} as unknown as ExchangeRequest;

const answer = JSON.stringify({
  protocol: PROTOCOL_VERSION,
  nonce: request.nonce,
  epoch: '0mijk0000aaaa',
  now: 5,
  receipts: [],
  held: [],
  pages: [],
  whole: [],
  fetched: [],
  checksums: null,
  gone: [],
  cursor: null,
  catchUp: null,
  durable: null,
  horizon: null,
});

const ours = (status: number, body = '{}') =>
  new Response(body, { status, headers: { 'content-type': MEDIA_TYPE, 'content-length': `${body.length}` } });
const never = new Promise<never>(() => {});
const quiet = new AbortController().signal;

let time: VirtualTime;
let fraction: number;

beforeEach(() => {
  time = createVirtualTime();
  fraction = 0;
});

function open(options: Partial<HttpBackendOptions>): Backend {
  let shared = { number: 0, token: null as string | null };
  const fetch = () => Promise.reject(new Error('nothing was to be asked'));
  return httpBackend({ url: 'http://one', token: () => 'token', fetch, ...options })({
    platform: {
      clock: { now: () => time.now(), monotonic: () => time.now() },
      timers: time,
      random: { bytes: (length) => new Uint8Array(length), fraction: () => fraction },
      locks: { exclusive: (_name, work) => work() },
    },
    storeName: 'store',
    tokens: {
      read: async () => shared,
      put: async (next) => {
        shared = next;
      },
    },
  });
}

const call = { deadlines: (bytes: number) => deadlinesFor(UNKNOWN_SPEED, bytes), onProgress: () => {} };
const exchange = (backend: Backend, signal = quiet) => backend.exchange(request, signal, call);

/** Turns the crank until `work` has ended. */
async function turn<T>(work: Promise<T>): Promise<T> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  work.then(end, end);
  for (let step = 0; step < 1_000 && !ended; step += 1) {
    await settlePromises();
    if (!ended) time.next(time.now() + 1_000);
  }
  return work;
}

test('[NW4] without a token nothing is asked', async () => {
  const backend = open({ token: () => null });
  expect(await exchange(backend)).toEqual({ type: 'needs-auth' });
  expect(await backend.live(() => {}, quiet)).toBe('never-open');
});

test('[NW4] a supplier that fails for want of a link is no link, not a sign-in', async () => {
  const backend = open({ token: () => Promise.reject(new Error('offline')) });
  expect(await exchange(backend)).toEqual({ type: 'down', detail: 'offline' });
});

test('[NW4] after a 401 a fresh token is asked for and the same is sent again; then nothing more is asked', async () => {
  const sent: (string | null)[] = [];
  let good = 'second';
  const fetch: HttpBackendOptions['fetch'] = async (_url, init) => {
    const bearer = new Headers(init.headers).get('authorization');
    sent.push(bearer);
    return bearer === `Bearer ${good}` ? ours(200, answer) : ours(401);
  };
  const backend = open({ fetch, token: (ask) => (ask?.refresh ? 'second' : 'first') });
  expect((await exchange(backend)).type).toBe('answered');
  expect(sent).toEqual(['Bearer first', 'Bearer second']);
  good = 'nobody has it';
  expect(await exchange(backend)).toEqual({ type: 'needs-auth' });
  sent.length = 0;
  expect(await exchange(backend)).toEqual({ type: 'needs-auth' });
  expect(sent).toEqual([]);
});

test('[NW8] a transport that never answers and heeds no signal is left behind in its time', async () => {
  const result = await turn(exchange(open({ fetch: () => never })));
  expect(result).toMatchObject({ type: 'down', late: true });
  expect(time.now()).toBeGreaterThanOrEqual(40_000);
  expect(time.now()).toBeLessThan(60_000);
});

test('[NW8] an answer that stops in the middle is left behind; one that goes on slowly is not', async () => {
  const dribble = (pauseMs: number) => async () => {
    let at = 0;
    let left = false;
    const body = new ReadableStream<Uint8Array>({
      cancel() {
        left = true;
      },
      pull: (controller) =>
        new Promise((resolve) => {
          time.after(pauseMs, () => {
            if (left) return;
            if (at >= answer.length) controller.close();
            else controller.enqueue(new TextEncoder().encode(answer.slice(at, at + 50)));
            at += 50;
            resolve();
          });
        }),
    });
    return new Response(body, { headers: { 'content-type': MEDIA_TYPE } });
  };
  expect(await turn(exchange(open({ fetch: dribble(30_000) })))).toMatchObject({ type: 'down', late: true });
  expect((await turn(exchange(open({ fetch: dribble(15_000) })))).type).toBe('answered');
});

test('[NW8] cancelling ends it at once', async () => {
  const controller = new AbortController();
  const running = exchange(open({ fetch: () => never }), controller.signal);
  await settlePromises();
  controller.abort();
  expect(await running).toMatchObject({ type: 'down', late: false });
});

test('[NW3] with several addresses the next one is asked within the same exchange', async () => {
  const asked: string[] = [];
  const fetch: HttpBackendOptions['fetch'] = async (url) => {
    asked.push(url);
    if (url.startsWith('http://one/')) throw new TypeError('refused');
    return ours(200, answer);
  };
  const backend = open({ url: ['http://one/', 'http://two'], fetch });
  for (let count = 0; count < 3; count += 1) expect((await exchange(backend)).type).toBe('answered');
  expect(asked).toEqual([
    'http://one/v1/exchange',
    'http://two/v1/exchange',
    'http://one/v1/exchange',
    'http://two/v1/exchange',
    'http://two/v1/exchange',
  ]);
});

test('[NW3] a server that says it is busy is more than one that is not there', async () => {
  const fetch: HttpBackendOptions['fetch'] = async (url) => {
    if (url.startsWith('http://two/')) throw new TypeError('refused');
    return ours(503);
  };
  expect((await exchange(open({ url: ['http://one', 'http://two'], fetch }))).type).toBe('busy');
});

test('[NW1, NW3] a page of a portal is no sign of life', async () => {
  const asked: string[] = [];
  const portal = new Response('<html>Welcome</html>', { headers: { 'content-type': 'text/html' } });
  const fetch: HttpBackendOptions['fetch'] = async (url) => {
    asked.push(url);
    return portal.clone();
  };
  const backend = open({ fetch });
  for (let count = 0; count < 4; count += 1) expect((await exchange(backend)).type).toBe('down');
  expect(asked.map((url) => url.slice('http://one/v1/'.length))).toEqual(['exchange', 'exchange', 'probe', 'probe']);
});

test('[NW7] bytes are those on the wire: compressed where it is known, with the heads, roughly', async () => {
  const long = { ...request, device: 'd'.repeat(20_000) } as unknown as ExchangeRequest;
  let body: BodyInit | null | undefined;
  const fetch: HttpBackendOptions['fetch'] = async (_url, init) => {
    body = init.body;
    const headers = { 'content-type': MEDIA_TYPE, 'content-encoding': 'gzip', 'content-length': '77' };
    return new Response(answer, { headers });
  };
  const backend = open({ fetch, gzip: webGzip() });
  await backend.exchange(long, quiet, call);
  const sent = (body as Uint8Array).length;
  expect(sent).toBeLessThan(2_000);
  expect(backend.takeTraffic?.()).toEqual({ sent: sent + 400, received: 77 + 400 });
  expect(backend.takeTraffic?.()).toEqual({ sent: 0, received: 0 });
});

test('[NW6] a server that does not read gzip gets the same again as it is', async () => {
  const encodings: (string | null)[] = [];
  const fetch: HttpBackendOptions['fetch'] = async (_url, init) => {
    const encoding = new Headers(init.headers).get('content-encoding');
    encodings.push(encoding);
    return encoding === null ? ours(200, answer) : ours(415);
  };
  const backend = open({ fetch, gzip: webGzip() });
  const long = { ...request, device: 'd'.repeat(20_000) } as unknown as ExchangeRequest;
  for (let count = 0; count < 2; count += 1) {
    expect((await backend.exchange(long, quiet, call)).type).toBe('answered');
  }
  expect(encodings).toEqual(['gzip', null, null]);
});

const stream = (body: ReadableStream<Uint8Array>) =>
  new Response(body, { headers: { 'content-type': 'text/event-stream' } });
const bytes = (text: string) => new TextEncoder().encode(text);

test('[SY3] a stream of news asks at once when it opens: what came before was told to nobody here', async () => {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes(': open\n\ndata: {"news":true}\n\n'));
      controller.close();
    },
  });
  let news = 0;
  const count = () => {
    news += 1;
  };
  expect(await open({ fetch: async () => stream(body) }).live(count, quiet)).toBe('was-open');
  expect(news).toBe(2);
});

test('[SY3, NW8] a stream that falls silent is half open: it ends; one with a pulse goes on', async () => {
  const beat = bytes(': \n\n');
  let beats = 5;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) =>
      new Promise((resolve) => {
        beats -= 1;
        if (beats < 0) return;
        time.after(20_000, () => {
          controller.enqueue(beat);
          resolve();
        });
      }),
  });
  expect(await turn(open({ fetch: async () => stream(body) }).live(() => {}, quiet))).toBe('was-open');
  expect(time.now()).toBeGreaterThanOrEqual(150_000);
  expect(time.now()).toBeLessThan(200_000);
});

test('[NW3] where no address is healthy no stream is opened', async () => {
  let asked = 0;
  const fetch = async () => {
    asked += 1;
    throw new TypeError('refused');
  };
  const backend = open({ fetch });
  for (let count = 0; count < 2; count += 1) await exchange(backend);
  asked = 0;
  expect(await backend.live(() => {}, quiet)).toBe('never-open');
  expect(asked).toBe(0);
});
