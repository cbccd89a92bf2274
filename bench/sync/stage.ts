import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchProcess, startProcess } from '../lib/calls.ts';
import { type Link, type LinkOptions, openLink } from '../lib/link.ts';
import type { ServerCalls } from '../server/server-process.ts';
import type { BareCalls } from './bare-process.ts';
import type { DeviceCalls, DeviceOptions } from './device-process.ts';

export interface SyncBenchOptions extends LinkOptions {
  readonly rounds: number;
}

/** A server, a line to it, and room for devices: each a process of its own. */
export interface Stage {
  readonly server: BenchProcess<ServerCalls>['call'];
  /** The devices' own: while it is cut, the floor's holds. */
  readonly link: Link;
  /** The floor's link, of the same make. */
  readonly floorUrl: string;
  /** Such as `postgres, 100 ms, 400 kbit/s`. */
  readonly where: string;
  folder(): Promise<string>;
  device(): Promise<BenchProcess<DeviceCalls>>;
  bare(): Promise<BenchProcess<BareCalls>>;
  /** How a device in this folder reaches the server. */
  address(folder: string): DeviceOptions;
}

/** Sets the stage for one bench and clears it away after. */
export async function onStage<T>(
  records: number,
  options: LinkOptions,
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const server = await startProcess<ServerCalls>('bench/server/server-process.ts');
  try {
    const { port, token, kind } = await server.call.start(records);
    const [link, floorLink] = [await openLink(port, options), await openLink(port, options)];
    const line = [
      ...(options.rttMs > 0 ? [`${options.rttMs} ms there and back`] : []),
      ...(options.kbit === null ? [] : [`${options.kbit} kbit/s`]),
    ];
    const played = await play({
      server: server.call,
      link,
      floorUrl: floorLink.url,
      where: [`server on ${kind}`, ...line].join(', '),
      folder: () => mkdtemp(join(root, 'device-')),
      device: () => startProcess('bench/sync/device-process.ts'),
      bare: () => startProcess('bench/sync/bare-process.ts'),
      address: (folder) => ({ folder, url: link.url, token }),
    });
    await link.end();
    await floorLink.end();
    return played;
  } finally {
    await server.end();
    await rm(root, { recursive: true, force: true });
  }
}
