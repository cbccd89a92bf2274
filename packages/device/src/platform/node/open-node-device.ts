import { type Schema, uuidV7 } from '@holdfast/core';
import type { Device } from '../../device.ts';
import { openEngine } from '../../engine/open-engine.ts';
import { createDevice } from '../../facade/create-device.ts';
import type { OpenOptions } from '../../facade/open-options.ts';
import { httpBackend } from '../../link/http-backend.ts';
import type { Unlock } from '../../ports/platform.ts';
import { webGzip } from '../web-gzip.ts';
import { nodeDeviceKey } from './node-device-key.ts';
import { nodePlatform } from './node-platform.ts';
import { nodeStorage } from './node-storage.ts';

export interface NodeOpenOptions<S extends Schema> extends OpenOptions<S> {
  /** Where the stores of this device lie. */
  readonly folder: string;
  /** Default: a key file beside the stores, with a warning. */
  readonly unlock?: Unlock;
  /** Told of faults of the store while syncing. */
  readonly onFault?: (error: unknown) => void;
}

/** Opens a user's device in Node: encrypted SQLite in a folder, in this process. */
export async function openDevice<S extends Schema>(options: NodeOpenOptions<S>): Promise<Device<S>> {
  const { schema, user, folder, backend, sync, onFault } = options;
  const platform = nodePlatform({ folder, user: user.id });
  const engine = await openEngine({
    schema,
    user,
    folder: nodeStorage({ folder, user: user.id }),
    unlock: options.unlock ?? nodeDeviceKey({ folder }),
    backend: httpBackend({ ...backend, fetch: globalThis.fetch, gzip: webGzip() }),
    platform,
    ...(sync && { sync }),
    ...(options.hold && { hold: options.hold }),
    ...(onFault && { onFault }),
  });
  const newId = () => uuidV7(platform.clock.now(), platform.random.bytes(10));
  return createDevice(schema, engine, newId, options.hooks, onFault);
}
