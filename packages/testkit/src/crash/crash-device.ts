import { MEDIA_TYPE, type Schema, type UserId } from '@holdfast/core';
import { createDevice, createEngine, type Device, readAnswer, type StorageDriver } from '@holdfast/device';
import { platformOf } from '../device/in-process.ts';
import { settlePromises, type VirtualTime } from '../sim/virtual-time.ts';
import { assignIds } from './assigning-backend.ts';
import type { CrashSchema } from './crash-schema.ts';

/** What stands between a device and its server. */
export interface CrashLink {
  up: boolean;
  /** The next answers are lost on their way back. */
  loseAnswers: number;
  send(user: string, body: string): Promise<{ readonly status: number; readonly body: string }>;
}

export interface CrashDeviceOptions {
  readonly user: string;
  readonly schema: Schema;
  readonly time: VirtualTime;
  readonly link: CrashLink;
  readonly storage: StorageDriver;
  /** Of the ids and nonces it makes: no two lives of a device have the same. */
  readonly seed: number;
  readonly onFault: (error: unknown) => void;
  /** The backend gives records ids of its own (ID2). */
  readonly assigns: boolean;
}

/** The real engine on a store that has been opened; everything around it is the caller's. */
export async function openCrashDevice(options: CrashDeviceOptions): Promise<Device<CrashSchema>> {
  const { user, schema, time, link, storage, seed, onFault, assigns } = options;
  const platform = platformOf(time, seed, 0);
  const engine = await createEngine({
    schema,
    user: user as UserId,
    storage,
    platform,
    storeName: user,
    onFault,
    backend: {
      ...(assigns && { identity: 'assigned' as const }),
      async exchange(request) {
        if (!link.up) return { type: 'down', detail: 'no link' };
        const asked = assigns ? assignIds(schema, request) : { request, mappings: [] };
        const { status, body } = await link.send(user, JSON.stringify(asked.request));
        if (link.loseAnswers > 0) {
          link.loseAnswers -= 1;
          return { type: 'down', detail: 'the answer was lost' };
        }
        const answer = new Response(null, { status, headers: { 'content-type': MEDIA_TYPE } });
        return { ...readAnswer(request, answer, body), mappings: asked.mappings };
      },
      live: (_onNews, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve('never-open'), { once: true })),
    },
  });
  let ids = 0;
  // Every version of the schema has the collections of the first.
  const device = await createDevice(schema as CrashSchema, engine, () => {
    ids += 1;
    return `01900000-0000-7000-8000-${(1_000_000 * seed + ids).toString(16).padStart(12, '0')}`;
  });
  await settlePromises();
  return device;
}

/** Asks once, and lets everything that is due within `ms` happen. */
export async function syncFor(device: Device<CrashSchema>, time: VirtualTime, ms: number): Promise<void> {
  const done = device.sync();
  await passTime(time, ms);
  await done;
  await settlePromises();
}

export async function passTime(time: VirtualTime, ms: number): Promise<void> {
  const until = time.now() + ms;
  await settlePromises();
  while (time.next(until)) await settlePromises();
  await settlePromises();
}
