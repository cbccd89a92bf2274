import { createVirtualTime, settlePromises } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import type { Locks } from '../ports/platform.ts';
import { takeTurn } from './take-turn.ts';

const MINUTE = 60_000;

/** Somebody holds the lock; it can be stolen from them. */
function scene() {
  const time = createVirtualTime();
  let fence = 7;
  let letGo: () => void = () => {};
  let begun = 0;
  let stolen = 0;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const locks: Locks = {
    async exclusive(_name, work, signal) {
      await Promise.race([
        held,
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted')))),
      ]);
      return work();
    },
    steal(_name, work) {
      stolen += 1;
      return work();
    },
  };
  const deps = { locks, timers: time, lockName: 'sync', readFence: async () => fence };
  const work = async () => {
    begun += 1;
    return 'done';
  };
  return {
    counts: () => ({ begun, stolen }),
    letGo: () => letGo(),
    goesOn() {
      fence += 1;
    },
    take: (signal = new AbortController().signal) => takeTurn(deps, work, signal),
    async pass(ms: number) {
      const until = time.now() + ms;
      await settlePromises();
      while (time.next(until)) await settlePromises();
    },
  };
}

test('[SY2] waits its turn', async () => {
  const { take, letGo, counts, pass } = scene();
  const turn = take();
  await pass(MINUTE);
  expect(counts()).toEqual({ begun: 0, stolen: 0 });
  letGo();
  expect(await turn).toBe('done');
  await pass(100 * MINUTE);
  expect(counts()).toEqual({ begun: 1, stolen: 0 });
});

test('[SY2] a holder that makes no exchange for longer than one can take is frozen: its turn is over', async () => {
  const { take, counts, pass } = scene();
  const turn = take();
  await pass(31 * MINUTE);
  expect(counts()).toEqual({ begun: 0, stolen: 0 });
  await pass(2 * MINUTE);
  expect(await turn).toBe('done');
  expect(counts()).toEqual({ begun: 1, stolen: 1 });
});

test('[SY2] from one that goes on nothing is taken, however long it takes', async () => {
  const { take, goesOn, letGo, counts, pass } = scene();
  const turn = take();
  for (let count = 0; count < 20; count += 1) {
    await pass(15 * MINUTE);
    goesOn();
  }
  expect(counts()).toEqual({ begun: 0, stolen: 0 });
  letGo();
  await turn;
});

test('[NW8] whoever is called off while waiting never has its turn', async () => {
  const { take, letGo, counts, pass } = scene();
  const controller = new AbortController();
  const turn = take(controller.signal);
  await pass(MINUTE);
  controller.abort();
  await expect(turn).rejects.toThrow();
  letGo();
  await pass(100 * MINUTE);
  expect(counts()).toEqual({ begun: 0, stolen: 0 });
});
