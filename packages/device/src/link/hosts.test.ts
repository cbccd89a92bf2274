import { createVirtualTime, settlePromises } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { createHosts } from './hosts.ts';

function scene(names: readonly string[]) {
  const time = createVirtualTime();
  const down = new Set<string>();
  const log: string[] = [];
  const hosts = createHosts({
    urls: names,
    clock: { monotonic: () => time.now() },
    random: { fraction: () => 0.5 },
    async probe(base) {
      log.push(`probe ${base}`);
      return !down.has(base);
    },
  });
  const signal = new AbortController().signal;
  return {
    time,
    down,
    log,
    hosts,
    async ask() {
      log.length = 0;
      const values = await hosts.ask(async (base) => {
        log.push(base);
        return { value: base, failed: down.has(base) };
      }, signal);
      await settlePromises();
      return values;
    },
  };
}

test('[NW3] the next healthy address serves meanwhile, and the first again when it is well', async () => {
  const { time, down, log, ask, hosts } = scene(['a', 'b']);
  expect(await ask()).toEqual(['a']);
  down.add('a');
  expect(await ask()).toEqual(['a', 'b']);
  expect(await ask()).toEqual(['a', 'b']);
  // Open by now: nobody waits for it any more.
  expect(await ask()).toEqual(['b']);
  expect(log).toEqual(['b']);
  expect(hosts.healthy()).toBe('b');
  time.next(600_000);
  expect(await ask()).toEqual(['b']);
  expect(log).toEqual(['probe a', 'b']);
  // Still down: the probe kept it open, and it is not asked again at once.
  await ask();
  expect(log).toEqual(['b']);
  down.clear();
  time.next(1_200_000);
  expect(await ask()).toEqual(['b']);
  expect(await ask()).toEqual(['a']);
});

test('[NW3] a single address that failed repeatedly is asked for a sign of life before anything is sent', async () => {
  const { down, log, ask, hosts } = scene(['a']);
  down.add('a');
  await ask();
  await ask();
  expect(await ask()).toEqual([]);
  expect(log).toEqual(['probe a']);
  expect(hosts.healthy()).toBeNull();
  down.clear();
  expect(await ask()).toEqual(['a']);
  expect(log).toEqual(['probe a', 'a']);
  expect(await ask()).toEqual(['a']);
  expect(log).toEqual(['a']);
});

test('[NW3] one probe at a time, whoever asks', async () => {
  const { down, log, ask, hosts } = scene(['a']);
  down.add('a');
  await ask();
  await ask();
  log.length = 0;
  const work = async (base: string) => ({ value: base, failed: true });
  const { signal } = new AbortController();
  await Promise.all([hosts.ask(work, signal), hosts.ask(work, signal), hosts.ask(work, signal)]);
  expect(log).toEqual(['probe a']);
});

test('[NW8] who hangs up says nothing about the other side', async () => {
  const { hosts } = scene(['a', 'b']);
  for (let count = 0; count < 5; count += 1) {
    const controller = new AbortController();
    const values = await hosts.ask(async (base) => {
      controller.abort();
      return { value: base, failed: true };
    }, controller.signal);
    expect(values).toEqual(['a']);
  }
  expect(hosts.healthy()).toBe('a');
});
