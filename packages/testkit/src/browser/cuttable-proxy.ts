import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { LinkPace } from './link-pace.ts';
import { pacedWay } from './paced-way.ts';

/** A network link that can break: a TCP proxy in front of a server. */
export interface CuttableProxy {
  readonly port: number;
  /** What has gone over it so far. */
  wire(): Wire;
  /** Breaks every open connection at once, and refuses new ones until `heal`. */
  cut(): Promise<void>;
  /** Breaks every open connection once so many more bytes have come from the server: in the middle of a body. */
  cutWithin(bytes: number): void;
  /** Connections stay open and are made, and nothing comes through any of them any more, until `heal`. */
  swallow(): void;
  /** Listens again, on the same port, and lets everything through that is new. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Bytes and requests on the wire: the payload of TCP, heads of HTTP and all. */
export interface Wire {
  /** Towards the server. */
  readonly up: number;
  readonly down: number;
  /** By method and path, such as `POST /v1/exchange`. */
  readonly requests: Readonly<Record<string, number>>;
}

export interface ProxyTarget {
  readonly port: number;
  readonly host?: string;
  /** How long a byte and its answer are under way, there and back. Default: 0. */
  readonly rttMs?: number;
  /** Kilobit a second, each way, for all connections together. Default: no limit. */
  readonly kbit?: number;
}

const REQUEST_LINE = /^([A-Z]{3,7}) (\/[^ ?]*)[^ ]* HTTP\/1\.1\r\n/;

/** Forwards to a port of this machine. */
export async function cuttableProxy(target: ProxyTarget): Promise<CuttableProxy> {
  const link = { kbit: target.kbit ?? null, delayMs: (target.rttMs ?? 0) / 2 };
  const pace = { up: new LinkPace(link), down: new LinkPace(link) };
  const bytes = { up: 0, down: 0 };
  const requests: Record<string, number> = {};
  const open = new Set<Socket>();
  let swallows = false;
  let bytesLeft = Number.POSITIVE_INFINITY;
  const track = (socket: Socket) => {
    open.add(socket);
    // Breaking is what it is for; each side learns of it by its own 'close'.
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port: target.port, host: target.host ?? '127.0.0.1', allowHalfOpen: true, noDelay: true });
    track(near);
    track(far);
    // A request begins where the line turns round: one at a time goes over a connection of HTTP/1.1.
    let turned = true;
    pacedWay(near, far, pace.up, (chunk) => {
      bytes.up += chunk.length;
      const [, method, path] = (turned ? REQUEST_LINE.exec(chunk.toString('latin1')) : null) ?? [];
      if (method !== undefined) {
        turned = false;
        const request = `${method} ${path}`;
        requests[request] = (requests[request] ?? 0) + 1;
      }
      return !swallows;
    });
    pacedWay(far, near, pace.down, (chunk) => {
      bytes.down += chunk.length;
      turned = true;
      bytesLeft -= chunk.length;
      if (bytesLeft > 0) return !swallows;
      bytesLeft = Number.POSITIVE_INFINITY;
      // What came before the cut arrives; the connection breaks behind it.
      if (!swallows) near.write(chunk.subarray(0, Math.floor(chunk.length / 2)));
      setImmediate(reset);
      return false;
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy listens on no port');
  // A reset, not a goodbye: nothing that is still under way arrives.
  const reset = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  const cut = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    reset();
    await closed;
  };
  return {
    port: address.port,
    wire: () => ({ ...bytes, requests: { ...requests } }),
    cut,
    cutWithin(count) {
      bytesLeft = count;
    },
    swallow() {
      swallows = true;
    },
    async heal() {
      // What was swallowed left its connections without their middle.
      if (swallows) reset();
      swallows = false;
      if (!server.listening) await listen(address.port);
    },
    close: cut,
  };
}
