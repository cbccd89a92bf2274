import { MEDIA_TYPE, PROTOCOL_VERSION } from '@holdfast/core';
import { createVirtualTime, settlePromises } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import type { Fetch } from './http-call.ts';
import { newNonce, probe } from './probe.ts';

const NONCE = newNonce({ bytes: (length) => new Uint8Array(length).fill(171) });
const time = createVirtualTime();
const ask = (fetch: Fetch) =>
  probe({ fetch, timers: time, clock: { monotonic: () => time.now() } }, 'http://one', NONCE);

const body = (protocol: number, nonce: string) => JSON.stringify({ protocol, nonce });
const respond = (text: string, status = 200, type: string = MEDIA_TYPE) =>
  new Response(text, { status, headers: { 'content-type': type } });

test.each([
  ['an echo', () => respond(body(PROTOCOL_VERSION, NONCE)), true],
  ['a server of another version: it is there all the same', () => respond(body(PROTOCOL_VERSION + 1, NONCE)), true],
  ['an answer that was kept from an earlier one', () => respond(body(PROTOCOL_VERSION, 'b'.repeat(32))), false],
  ['the right words from somebody else', () => respond(body(PROTOCOL_VERSION, NONCE), 200, 'application/json'), false],
  ['a portal', () => respond('<html>Welcome</html>', 200, 'text/html'), false],
  ['an error', () => respond(body(PROTOCOL_VERSION, NONCE), 503), false],
  ['a body that is cut', () => respond(body(PROTOCOL_VERSION, NONCE).slice(0, 20)), false],
  ['nothing', () => respond(''), false],
] as const)('[NW1] %s', async (_what, response, there) => {
  expect(await ask(async () => response())).toBe(there);
});

test('[NW1] a refused connection, and one that never answers', async () => {
  expect(await ask(() => Promise.reject(new TypeError('refused')))).toBe(false);
  const silent = ask(() => new Promise<never>(() => {}));
  await settlePromises();
  expect(time.next(time.now() + 20_000)).toBe(true);
  expect(await silent).toBe(false);
});

test('[NW1] it asks where nobody may answer from what was kept', async () => {
  const asked: [string, RequestInit][] = [];
  await ask(async (url, init) => {
    asked.push([url, init]);
    return respond('');
  });
  expect(asked).toMatchObject([['http://one/v1/probe', { method: 'POST', cache: 'no-store', redirect: 'error' }]]);
  expect(asked[0]?.[1].body).toContain(NONCE);
});
