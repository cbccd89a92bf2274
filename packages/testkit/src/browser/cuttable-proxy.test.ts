import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CuttableProxy, cuttableProxy } from './cuttable-proxy.ts';

const server = createServer((request, response) => {
  // '/half' never ends: an answer that is under way when the link breaks.
  if (request.url === '/half') response.write('half');
  else if (request.method === 'POST') request.pipe(response);
  else response.end('whole');
});
let port = 0;
let proxy: CuttableProxy;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  port = address.port;
  proxy = await cuttableProxy({ port });
});

afterAll(async () => {
  await proxy.close();
  server.closeAllConnections();
  server.close();
});

const get = (path: string) => fetch(`http://127.0.0.1:${proxy.port}${path}`);

test('[NW8] passes everything on while the link holds', async () => {
  expect(await (await get('/')).text()).toBe('whole');
});

test('[NW8] a cut breaks what is under way, refuses what is new, and heals on the same port', async () => {
  const half = await get('/half');
  await proxy.cut();
  await expect(half.text()).rejects.toThrow();
  const socket = connect(proxy.port, '127.0.0.1');
  const [error] = await once(socket, 'error');
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  await proxy.heal();
  expect(await (await get('/')).text()).toBe('whole');
});

test('[NW6] counts requests by path, and bytes each way', async () => {
  const own = await cuttableProxy({ port });
  const body = 'x'.repeat(300_000);
  const url = `http://127.0.0.1:${own.port}`;
  expect(await (await fetch(`${url}/echo?a=1`, { method: 'POST', body })).text()).toBe(body);
  await (await fetch(`${url}/echo`, { method: 'POST', body: 'GET / HTTP/1.1' })).text();
  await (await fetch(url)).text();
  const { up, down, requests } = own.wire();
  await own.close();
  expect(requests).toEqual({ 'POST /echo': 2, 'GET /': 1 });
  expect(up).toBeGreaterThan(body.length);
  expect(up).toBeLessThan(body.length + 2_000);
  expect(down).toBeGreaterThan(body.length);
});

test('[NW6] passes everything on, in order, over a link that is slow and far away', async () => {
  const own = await cuttableProxy({ port, rttMs: 20, kbit: 8_000 });
  const body = Array.from({ length: 20_000 }, (_, line) => `line ${line}\n`).join('');
  const answer = await fetch(`http://127.0.0.1:${own.port}/echo`, { method: 'POST', body });
  expect(await answer.text()).toBe(body);
  await own.close();
});

test('[NW8] what swallows keeps connections open and lets nothing through, old ones and new ones', async () => {
  const half = await get('/half');
  proxy.swallow();
  const nothing = Symbol('nothing');
  const pause = () => new Promise((resolve) => setTimeout(resolve, 200, nothing));
  const asked = get('/');
  asked.catch(() => {});
  expect(await Promise.race([half.text(), asked, pause()])).toBe(nothing);
  await proxy.heal();
  await expect(asked).rejects.toThrow();
  expect(await (await get('/')).text()).toBe('whole');
});

test('[NW8] a cut within a body leaves a part of it, and new connections as they are', async () => {
  const body = 'x'.repeat(2_000_000);
  proxy.cutWithin(500_000);
  const cut = fetch(`http://127.0.0.1:${proxy.port}/`, { method: 'POST', body }).then((response) => response.text());
  await expect(cut).rejects.toThrow();
  const echo = await fetch(`http://127.0.0.1:${proxy.port}/`, { method: 'POST', body });
  expect((await echo.text()).length).toBe(body.length);
});
