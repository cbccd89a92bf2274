import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A network link that can break: a TCP proxy in front of a server. */
export interface CuttableProxy {
  readonly port: number;
  /** Breaks every open connection at once, and refuses new ones until `heal`. */
  cut(): Promise<void>;
  /** Listens again, on the same port. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Forwards to a port of this machine. */
export async function cuttableProxy(target: { readonly port: number; readonly host?: string }): Promise<CuttableProxy> {
  const open = new Set<Socket>();
  const track = (socket: Socket) => {
    open.add(socket);
    // Breaking is what it is for; each side learns of it by its own 'close'.
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  };
  const server = createServer((near) => {
    const far = connect(target.port, target.host ?? '127.0.0.1');
    track(near);
    track(far);
    near.pipe(far).pipe(near);
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
  const cut = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    // A reset, not a goodbye: nothing that is still under way arrives.
    for (const socket of open) socket.resetAndDestroy();
    await closed;
  };
  return {
    port: address.port,
    cut,
    async heal() {
      if (!server.listening) await listen(address.port);
    },
    close: cut,
  };
}
