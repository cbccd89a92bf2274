import { HoldfastError, hasCode } from '@holdfast/core';
import type { Chance } from '../chance.ts';
import type { SimDevice } from '../sim-device.ts';
import type { Act } from './acting.ts';
import { bayActs } from './bay-acts.ts';
import { poisonActs } from './poison.ts';
import { recordActs } from './record-acts.ts';

const acts: Readonly<Record<string, Act>> = { ...recordActs, ...bayActs, ...poisonActs };

/** What people do all day. */
export const actNames = [...Object.keys(recordActs), ...Object.keys(bayActs)];
/** What no form would let them. */
export const poisonNames = Object.keys(poisonActs);

/** What was acknowledged is noted: it must never be lost. */
export async function act(name: string, sim: SimDevice, chance: Chance): Promise<void> {
  const running = sim.tabs.filter(({ gate }) => !gate.frozen);
  const work = acts[name];
  if (running.length === 0 || work === undefined) return;
  const { device } = chance.pick(running);
  try {
    const done = await work(device, chance, sim);
    if (done === null || done.transaction === null) return;
    sim.transactions.set(done.transaction, done.mutations);
    for (const id of done.mutations) sim.acknowledged.add(id);
  } catch (error) {
    if (!isExpected(error, sim)) {
      const words = error instanceof HoldfastError || error instanceof Error ? error.stack : error;
      sim.faults.push(`${name}: ${String(words)}`);
    }
  }
}

/** A record can leave between the look and the write; a device can be killed, or its disk be full, in between. */
function isExpected(error: unknown, sim: SimDevice): boolean {
  if (hasCode(error, 'StoreFull')) return sim.disk.wasFull;
  return hasCode(error, 'StoreClosed') || hasCode(error, 'InvalidWrite') || hasCode(error, 'StoreNewer');
}
