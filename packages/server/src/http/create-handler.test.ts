import { gzipSync } from 'node:zlib';
import {
  catalogue,
  type DeviceId,
  errorResponse,
  exchangeResponse,
  limits,
  MEDIA_TYPE,
  type Mutation,
  mintEpoch,
  PROTOCOL_VERSION,
  probeAnswer,
} from '@holdfast/core';
import { clinic, MutationMaker, requestOf } from '@holdfast/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TokenClaims } from '../auth/auth.ts';
import { jwtAuth, signToken } from '../auth/jwt-auth.ts';
import { memoryStore } from '../memory/memory-store.ts';
import { type RunningServer, serve } from '../node/serve.ts';
import type { ServerStore } from '../store/server-store.ts';
import { createHandler, type HandlerOptions } from './create-handler.ts';

const clock = { now: () => 1_700_000_500_000 };
const secret = 'a secret of this test, long enough';
const device = '01900000-0000-7000-8000-000000000001' as DeviceId;
const ada: TokenClaims = { user: 'ada', role: 'mentor', scopes: ['mentor:ada'] };

let make: MutationMaker;
let store: ServerStore;
let server: RunningServer;
let token: string;
let faults: unknown[];

async function start(options: Partial<HandlerOptions> = {}): Promise<void> {
  const logger = { info: () => {}, error: (fields: object) => void faults.push(fields) };
  const auth = jwtAuth({ secret, clock });
  const handler = createHandler({ store, schema: clinic, auth, clock, logger, ...options });
  server = await serve({ handler, port: 0, graceMs: 500 });
}

async function restart(options: Partial<HandlerOptions>): Promise<void> {
  await server.stop();
  await start(options);
}

beforeEach(async () => {
  make = new MutationMaker();
  faults = [];
  store = memoryStore({ schema: clinic, epoch: mintEpoch(1_700_000_000_000, new Uint8Array(4), null) });
  token = await signToken(ada, { secret, clock });
  await start();
});

afterEach(async () => {
  await server.stop();
  expect(faults).toEqual([]);
});

const contact = (id: string, name = id): Mutation =>
  make.create({ collection: 'contacts', record: id, values: { name, phone: null, mentorId: 'ada' } });

function post(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/v1/exchange`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': MEDIA_TYPE, ...headers },
    body,
    ...{ duplex: 'half' },
  });
}

const exchangeText = (...mutations: Mutation[]) => JSON.stringify(requestOf(device, { mutations }));

async function codeOf(response: Response): Promise<[number, string]> {
  const { error } = errorResponse.parse(await response.json());
  expect(error.requestId).toBe(response.headers.get('x-request-id'));
  return [response.status, error.code];
}

describe('exchange over HTTP', () => {
  test('[SY1] answers in our media type, and nothing on the way may keep it', async () => {
    const response = await post(exchangeText(contact('c1')));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(MEDIA_TYPE);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(exchangeResponse.parse(await response.json()).receipts).toMatchObject([{ outcome: 'applied' }]);
  });

  test('[SY1] gzip both ways, where the other side reads it', async () => {
    const text = exchangeText(contact('c1', 'x'.repeat(3_000)));
    const zipped = await post(gzipSync(text), { 'content-encoding': 'gzip', 'accept-encoding': 'br, gzip;q=0.5' });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(exchangeResponse.parse(await zipped.json()).pages).toHaveLength(1);
    const plain = await post(text, { 'accept-encoding': 'gzip;q=0, identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  test('[NW1] health echoes a fresh nonce', async () => {
    const response = await fetch(`${server.url}/v1/health?nonce=fresh-nonce-000000001`);
    expect(await response.json()).toEqual({ ok: true, protocol: PROTOCOL_VERSION, nonce: 'fresh-nonce-000000001' });
    expect(await (await fetch(`${server.url}/v1/health?nonce=%00`)).json()).toEqual({
      ok: true,
      protocol: PROTOCOL_VERSION,
    });
  });
});

describe('the probe', () => {
  const nonce = 'fresh-nonce-000000001';
  const probe = (body: BodyInit, headers: Record<string, string> = { 'content-type': MEDIA_TYPE }) =>
    fetch(`${server.url}/v1/probe`, { method: 'POST', headers, body });

  test('[NW1] echoes a fresh nonce in our form, to whoever asks', async () => {
    const response = await probe(JSON.stringify({ nonce }));
    expect(response.headers.get('content-type')).toBe(MEDIA_TYPE);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(probeAnswer.parse(await response.json())).toEqual({ protocol: PROTOCOL_VERSION, nonce });
  });

  test.each([
    ['', 400, 'MalformedRequest'],
    ['{}', 400, 'MalformedRequest'],
    ['{"nonce":"<script>"}', 400, 'MalformedRequest'],
    [`{"nonce":"${nonce}","more":1}`, 400, 'MalformedRequest'],
    [`${' '.repeat(1_025)}{"nonce":"${nonce}"}`, 413, 'RequestTooLarge'],
  ])('[SV6] %j is no probe', async (body, status, code) => {
    expect(await codeOf(await probe(body))).toEqual([status, code]);
    expect(await codeOf(await probe(body, { 'content-type': 'text/plain' }))).toEqual([400, 'MalformedRequest']);
  });
});

describe('who may come in', () => {
  test('[NW4] no token, a broken one, one that has expired: 401', async () => {
    const late = await signToken(ada, { secret, clock: { now: () => clock.now() - 7_200_000 } });
    for (const authorization of ['', 'Bearer x', 'Basic abc', `Bearer ${late}`]) {
      const response = await post(exchangeText(contact('c1')), { authorization });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await codeOf(response)).toEqual([401, 'NotAuthenticated']);
    }
    expect((await store.counts())['contacts']).toBe(0);
  });

  test('[SV5] the scopes are those of the token', async () => {
    token = await signToken({ ...ada, scopes: ['mentor:bob'] }, { secret, clock });
    const response = await post(exchangeText(contact('c1')));
    expect(await response.json()).toMatchObject({ receipts: [{ outcome: 'refused', reason: 'forbidden' }] });
  });

  test('[SV5] a device of another user: 403', async () => {
    await post(exchangeText(contact('c1')));
    token = await signToken({ ...ada, user: 'bob' }, { secret, clock });
    expect(await codeOf(await post(exchangeText()))).toEqual([403, 'DeviceTaken']);
  });
});

describe('bounds of every input', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const cases: [string, BodyInit, Record<string, string>, number, string][] = [
    ['no JSON', '<html>', {}, 400, 'MalformedRequest'],
    ['an empty body', '', {}, 400, 'MalformedRequest'],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x22]), {}, 400, 'MalformedRequest'],
    ['another media type', '{}', { 'content-type': 'text/plain' }, 400, 'MalformedRequest'],
    ['another shape', `{"protocol":${PROTOCOL_VERSION}}`, {}, 400, 'MalformedRequest'],
    ['another protocol', '{"protocol":99}', {}, 426, 'UnsupportedProtocol'],
    ['200,000 levels', deep(200_000), {}, 400, 'RequestTooDeep'],
    ['a key that stands twice', '{"protocol":1,"protocol":1}', {}, 400, 'MalformedRequest'],
    ['a key that reaches the prototype', '{"__proto__":{}}', {}, 400, 'MalformedRequest'],
    ['an encoding that is not read', '{}', { 'content-encoding': 'br' }, 415, 'UnsupportedEncoding'],
    ['gzip that is none', '{}', { 'content-encoding': 'gzip' }, 400, 'MalformedRequest'],
    [
      'gzip cut short',
      gzipSync('{}'.repeat(99)).subarray(0, 20),
      { 'content-encoding': 'gzip' },
      400,
      'MalformedRequest',
    ],
  ];

  test.each(cases)('[SV6] %s', async (_, body, headers, status, code) => {
    expect(await codeOf(await post(body, headers))).toEqual([status, code]);
  });

  test('[SV6] a body beyond the limit, told in advance or not', async () => {
    const large = 'x'.repeat(limits.requestBytes + 1);
    expect(await codeOf(await post(large))).toEqual([413, 'RequestTooLarge']);
    let sent = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        sent += 1;
        if (sent > 1_000) controller.close();
        else controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    const answer = await post(endless).then(codeOf, () => 'cut off');
    expect([[413, 'RequestTooLarge'], 'cut off']).toContainEqual(answer);
    expect(sent).toBeLessThan(1_000);
  });

  test('[SV6] a bomb is cut off where it has expanded too far, not when it is all there', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    expect(await codeOf(await post(bomb, { 'content-encoding': 'gzip' }))).toEqual([413, 'RequestTooLarge']);
  });

  test('[SV6] a body that does not arrive in time', async () => {
    await restart({ tuning: { bodyTimeoutMs: 50 } });
    let stop = () => {};
    const stuck = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('{'));
        stop = () => controller.close();
      },
    });
    expect(await codeOf(await post(stuck))).toEqual([408, 'RequestTimeout']);
    stop();
  });

  test('[SV6] whatever a body holds, the answer is an error of the catalogue, and nothing is applied', async () => {
    const request = requestOf(device, { mutations: [contact('c1')] });
    const anywhere = fc.oneof(
      fc.string().map((text) => text),
      fc.json(),
      // One part of a good request replaced: what passes the shapes has to be met further in.
      fc
        .tuple(fc.constantFrom(...Object.keys(request)), fc.jsonValue())
        .map(([key, value]) => JSON.stringify({ ...request, mutations: [], [key]: value })),
      fc
        .tuple(fc.constantFrom(...Object.keys(request.mutations[0] ?? {})), fc.jsonValue())
        .map(([key, value]) =>
          JSON.stringify({ ...request, mutations: [{ ...request.mutations[0], collection: '\u0000', [key]: value }] }),
        ),
    );
    await fc.assert(
      fc.asyncProperty(anywhere, async (text) => {
        const response = await post(text);
        const body: unknown = await response.json();
        if (response.status === 200) {
          // A part that happens to be good: it was answered, and refused where it held a mutation.
          for (const receipt of exchangeResponse.parse(body).receipts) expect(receipt.outcome).toBe('refused');
        } else {
          expect(response.status).toBeGreaterThanOrEqual(400);
          expect(response.status).toBeLessThan(500);
          expect(Object.keys(catalogue)).toContain(errorResponse.parse(body).error.code);
        }
        expect((await store.counts())['contacts']).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('overload', () => {
  test('[SV8] one exchange too many is told when to come again', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    store = memoryStore({ schema: clinic, beforeCommit: () => gate });
    await restart({ store, tuning: { maxExchanges: 1 } });
    const first = post(exchangeText(contact('c1')));
    let second = await post(exchangeText());
    // The first may still be on its way in.
    while (second.status !== 503) second = await post(exchangeText());
    expect(second.headers.get('retry-after')).toBe('5');
    expect(await codeOf(second)).toEqual([503, 'Busy']);
    open();
    expect((await first).status).toBe(200);
    expect((await post(exchangeText())).status).toBe(200);
  });

  test('[SV8] a fault of the store is answered, logged, and ends nothing', async () => {
    const broken = { ...store, transaction: () => Promise.reject(new Error('broken')) };
    await restart({ store: broken });
    expect(await codeOf(await post(exchangeText(contact('c1'))))).toEqual([500, 'Internal']);
    expect(faults).toHaveLength(1);
    faults = [];
    expect((await fetch(`${server.url}/v1/health`)).status).toBe(200);
  });
});

describe('addresses', () => {
  test('[SV6] what is not there is not found; what is not ours goes to the fallback', async () => {
    await restart({ fallback: (request) => (request.url.endsWith('/app') ? new Response('app') : null) });
    expect(await (await fetch(`${server.url}/app`)).text()).toBe('app');
    for (const path of ['/', '/v1', '/v1/exchange', '/v1/admin/counts', '/v1/dev/users', '/v1/%00']) {
      expect(await codeOf(await fetch(`${server.url}${path}`))).toEqual([404, 'NotFound']);
    }
  });
});

describe('pages of other origins', () => {
  const other = 'https://north.example.org';
  const preflight = (path: string, origin: string) =>
    fetch(`${server.url}${path}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
  const allowed = (response: Response) => response.headers.get('access-control-allow-origin');

  test('[SV5, NW3] call only where they are named, and then all that a device asks for', async () => {
    expect(allowed(await preflight('/v1/exchange', other))).toBeNull();
    expect(allowed(await post(exchangeText(), { origin: other }))).toBeNull();
    await restart({ origins: [other], adminSecret: 'administration-secret-0001' });
    for (const path of ['/v1/exchange', '/v1/probe', '/v1/live']) {
      const asked = await preflight(path, other);
      expect([asked.ok, allowed(asked)]).toEqual([true, other]);
      expect(asked.headers.get('access-control-allow-headers')).toBe('authorization,content-type,content-encoding');
    }
    const answer = await post(exchangeText(contact('c1')), { origin: other });
    expect([answer.status, allowed(answer), answer.headers.get('cache-control')]).toEqual([200, other, 'no-store']);
    const refused = await post(exchangeText(), { origin: other, authorization: 'Bearer nobody' });
    expect([refused.status, allowed(refused)]).toEqual([401, other]);
    expect(refused.headers.get('access-control-expose-headers')).toContain('retry-after');
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
  });

  test('[SV5] not those whose name only looks alike, and never to the administration', async () => {
    await restart({ origins: [other], adminSecret: 'administration-secret-0001' });
    for (const origin of [
      `${other}.evil.example`,
      'http://north.example.org',
      'https://NORTH.example.org',
      'null',
      '*',
    ]) {
      expect(allowed(await preflight('/v1/exchange', origin))).toBeNull();
    }
    expect(allowed(await preflight('/v1/admin/counts', other))).toBeNull();
  });

  test.each(['*', 'https://north.example.org/', 'north.example.org', 'null', 'file:///', ''])(
    '[SV5] what is no origin is refused at the start: %s',
    (origin) => {
      const auth = jwtAuth({ secret, clock });
      expect(() => createHandler({ store, schema: clinic, auth, clock, origins: [origin] })).toThrow(
        /an origin is like/,
      );
    },
  );
});
