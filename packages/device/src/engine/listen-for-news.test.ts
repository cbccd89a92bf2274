import { expect, test } from 'vitest';
import type { Backend } from '../ports/backend.ts';
import type { Platform } from '../ports/platform.ts';
import { listenForNews } from './listen-for-news.ts';

/** A stream that the test opens, breaks and fails; time that it turns. */
function scene() {
  const seen: string[] = [];
  const timers: { ms: number; work: () => void }[] = [];
  const wakers = new Set<() => void>();
  let now = 0;
  let end: (result: 'was-open' | 'never-open') => void = () => {};
  const backend: Backend = {
    exchange: async () => ({ type: 'needs-auth' }),
    live: () =>
      new Promise((resolve) => {
        seen.push('tries');
        end = resolve;
      }),
  };
  const platform: Pick<Platform, 'clock' | 'locks' | 'random' | 'timers'> = {
    clock: { now: () => now, monotonic: () => now },
    locks: { exclusive: (_name, work) => work() },
    random: { bytes: (length) => new Uint8Array(length), fraction: () => 0.9 },
    timers: {
      after(ms, work) {
        timers.push({ ms, work });
        return () => {};
      },
    },
  };
  const ended = new AbortController();
  const whenUp = (wake: () => void) => {
    wakers.add(wake);
    return () => wakers.delete(wake);
  };
  void listenForNews(backend, platform, 'live', () => seen.push('news'), whenUp, ended.signal);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    seen,
    timers,
    async ends(result: 'was-open' | 'never-open', afterMs: number) {
      await settle();
      now += afterMs;
      end(result);
      await settle();
    },
    async up() {
      for (const wake of [...wakers]) wake();
      await settle();
    },
    stop: () => ended.abort(),
  };
}

test('[SY3] a stream that breaks, or does not open, asks whether the link is gone; once', async () => {
  const { seen, ends, up, stop } = scene();
  await ends('was-open', 20);
  expect(seen).toEqual(['tries', 'news']);
  await up();
  await ends('never-open', 5);
  await up();
  await ends('never-open', 5);
  expect(seen).toEqual(['tries', 'news', 'tries', 'news', 'tries']);
  stop();
});

test('[SY3] when the link is up again nobody waits for a long pause to end', async () => {
  const { seen, timers, ends, up, stop } = scene();
  for (let failures = 0; failures < 6; failures += 1) {
    await ends('never-open', 5);
    timers.at(-1)?.work();
  }
  await ends('never-open', 5);
  expect(timers.at(-1)?.ms).toBeGreaterThan(30_000);
  const before = seen.filter((what) => what === 'tries').length;
  await up();
  expect(seen.filter((what) => what === 'tries').length).toBe(before + 1);
  stop();
});

test('[NW2] a stream that is always cut at once is opened ever more slowly', async () => {
  const { timers, ends, up, stop } = scene();
  for (let cut = 0; cut < 5; cut += 1) {
    await ends('was-open', 20);
    await up();
  }
  expect(timers.at(-1)?.ms ?? 0).toBeGreaterThan(timers[0]?.ms ?? 0);
  stop();
});
