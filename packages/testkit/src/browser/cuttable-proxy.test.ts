import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CuttableProxy, cuttableProxy } from './cuttable-proxy.ts';

const server = createServer((request, response) => {
  // '/half' never ends: an answer that is under way when the link breaks.
  if (request.url === '/half') response.write('half');
  else response.end('whole');
});
let proxy: CuttableProxy;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  proxy = await cuttableProxy({ port: address.port });
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
