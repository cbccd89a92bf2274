import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { HoldfastError, must } from '@holdfast/core';
import { createAdaptorServer } from '@hono/node-server';
import type { Handler } from '../http/create-handler.ts';

export interface ServeOptions {
  readonly handler: Handler;
  /** 0 takes any free one. */
  readonly port: number;
  /** Default: this machine only. */
  readonly host?: string;
  /** How long a stop waits for requests under way. Default: 10 seconds. */
  readonly graceMs?: number;
}

export interface RunningServer {
  readonly port: number;
  readonly url: string;
  /** Takes no more, lets what is under way end, then cuts what is left. */
  stop(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;
const KEEP_ALIVE_MS = 65_000;
const SWEEP_MS = 50;
const MAX_HEADER_BYTES = 32 * 1024;

/**
 * Runs a handler under Node.
 *
 * @throws HoldfastError `PortTaken`
 */
export async function serve({
  handler,
  port,
  host = '127.0.0.1',
  graceMs = 10_000,
}: ServeOptions): Promise<RunningServer> {
  const server = createAdaptorServer({
    fetch: (request) => handler.fetch(request),
    hostname: host,
    serverOptions: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
  }) as Server;
  const idle = watchSockets(server);
  await listen(server, port, host);
  const address = server.address();
  const actual = must(address !== null && typeof address === 'object' ? address.port : null, 'the port');
  const name = host.includes(':') ? `[${host}]` : host;
  return { port: actual, url: `http://${name}:${actual}`, stop: () => stop(server, handler, idle, graceMs) };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new HoldfastError('PortTaken', String(port), { cause: error }) : error);
    });
    server.listen(port, host, resolve);
  });
}

/**
 * Gives how to end the connections on which nothing is asked. Node's own count leaves out those that a
 * browser opened in advance and never used.
 */
function watchSockets(server: Server): () => void {
  const asking = new Map<Socket, number>();
  const count = (socket: Socket, by: number) => {
    if (asking.has(socket)) asking.set(socket, (asking.get(socket) ?? 0) + by);
  };
  server.on('connection', (socket) => {
    asking.set(socket, 0);
    socket.on('close', () => asking.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    count(socket, 1);
    response.on('close', () => count(socket, -1));
  });
  return () => {
    for (const [socket, requests] of asking) if (requests === 0) socket.destroy();
  };
}

async function stop(server: Server, handler: Handler, endIdle: () => void, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  handler.close();
  endIdle();
  // A connection that is kept alive falls idle when its answer is out, and nobody tells.
  const sweep = setInterval(endIdle, SWEEP_MS);
  const late = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(late);
}
