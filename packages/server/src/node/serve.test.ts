import { connect } from 'node:net';
import { expect, test } from 'vitest';
import type { Handler } from '../http/create-handler.ts';
import { serve } from './serve.ts';

const handler = (answer: () => Promise<Response>): Handler => ({ fetch: answer, close: () => {} });
const hello = handler(async () => new Response('hello'));

test('[SV7] says on which port it listens, and stops listening', async () => {
  const server = await serve({ handler: hello, port: 0 });
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  expect(await (await fetch(server.url)).text()).toBe('hello');
  await server.stop();
  await expect(fetch(server.url)).rejects.toThrow();
});

test('[SV6] a port that is taken is an error that says so', async () => {
  const first = await serve({ handler: hello, port: 0 });
  await expect(serve({ handler: hello, port: first.port })).rejects.toMatchObject({
    code: 'PortTaken',
    detail: String(first.port),
  });
  await first.stop();
});

test('[SV7] a stop lets what is under way end', async () => {
  let answer = () => {};
  let arrived = () => {};
  const here = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const slow = handler(
    () =>
      new Promise((resolve) => {
        arrived();
        answer = () => resolve(new Response('late'));
      }),
  );
  const server = await serve({ handler: slow, port: 0 });
  const response = fetch(server.url);
  await here;
  const stopped = server.stop();
  answer();
  expect(await (await response).text()).toBe('late');
  await stopped;
});

test('[SV7] and cuts what does not end', async () => {
  const server = await serve({ handler: handler(() => new Promise(() => {})), port: 0, graceMs: 20 });
  const response = fetch(server.url).then(
    () => 'answered',
    () => 'cut',
  );
  const idle = connect(server.port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => idle.once('close', () => resolve()));
  // Cut, it may end with a reset; `close` follows either way.
  idle.on('error', () => {});
  await new Promise<void>((resolve) => idle.once('connect', () => resolve()));
  await server.stop();
  expect(await response).toBe('cut');
  await closed;
});

test('[SV7] a connection that a browser opened in advance and never used holds up no stop', async () => {
  const server = await serve({ handler: hello, port: 0, graceMs: 600_000 });
  const socket = connect(server.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  await server.stop();
  await closed;
});
