import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Device } from '@holdfast/device';
import { nodeDeviceKey, openDevice } from '@holdfast/device/node';
import { chance } from '../../apps/fieldbook/src/sample-chance.ts';
import { benchItem, benchSchema, benchVisit } from '../lib/bench-schema.ts';
import { answerCalls } from '../lib/calls.ts';
import { bareWriter } from '../node/bare.ts';

let device: Device<typeof benchSchema> | null = null;

const opened = () => {
  if (device === null) throw new Error('the device is not open');
  return device;
};

export interface DeviceOptions {
  readonly folder: string;
  readonly url: string;
  readonly token: string;
}

async function open({ folder, url, token }: DeviceOptions) {
  device = await openDevice({
    schema: benchSchema,
    user: { id: 'bench' },
    folder,
    unlock: nodeDeviceKey({ folder, warn: () => {} }),
    backend: { url, token: () => token },
  });
}

/** Everything is in and out, or it says what is not. */
async function synced(): Promise<number> {
  const before = performance.now();
  const status = await opened().sync();
  const ms = performance.now() - before;
  const left = Object.values(status.outbox).reduce((sum, count) => sum + count, 0);
  if (!status.ready || left > 0 || status.link !== 'up') throw new Error(`not synced: ${JSON.stringify(status)}`);
  return ms;
}

const calls = {
  open,
  /** Opens an empty store and reads everything. Milliseconds from the start of the opening. */
  async openAndSync(options: DeviceOptions) {
    const before = performance.now();
    await open(options);
    await synced();
    return performance.now() - before;
  },
  /** Milliseconds. */
  sync: synced,
  /** Creates, one by one, turn by turn with the same two rows written bare. Milliseconds each. */
  async write(folder: string, count: number, from: number) {
    const bare = bareWriter(join(folder, 'bare.db'));
    const own: number[] = [];
    const floor: number[] = [];
    for (let number = from; number < from + count; number += 1) {
      const visit = benchVisit(number);
      const before = performance.now();
      await opened().write((tx) => tx.visits.create(visit));
      const between = performance.now();
      bare.write(randomUUID(), visit);
      floor.push(performance.now() - between);
      own.push(between - before);
    }
    bare.close();
    return { own, floor };
  },
  /** What every one of these lists says in the fields of one person, set anew: one edit a field. */
  async edit(ids: readonly string[], fields: readonly string[], seed: number) {
    const draw = chance(seed);
    const edits: { id: string; field: string; value: string }[] = [];
    for (const id of ids) {
      for (const field of fields) edits.push({ id, field, value: `${seed} ${benchItem(draw)}` });
    }
    const before = performance.now();
    for (const { id, field, value } of edits) {
      await opened().write((tx) => tx.checklists.update(id, { [field]: value }));
    }
    return { edits, ms: performance.now() - before };
  },
  async checklists() {
    const rows = await opened().query((db) => db.selectFrom('checklists').selectAll());
    return rows.map((row) => row as Record<string, unknown> & { id: string });
  },
  async minutes() {
    const rows = await opened().query((db) => db.selectFrom('visits').select(['id', 'minutes']));
    return rows.filter(({ minutes }) => minutes >= 100).length;
  },
  async count() {
    return (await opened().query((db) => db.selectFrom('visits').select(['id']))).length;
  },
  /** The most memory this process has held so far, in MB. */
  peak: () => process.resourceUsage().maxRSS / 1024,
  async close() {
    await opened().close();
    device = null;
  },
};

export type DeviceCalls = typeof calls;

answerCalls(calls, () => device?.close());
