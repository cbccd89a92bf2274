import { expect, test } from 'vitest';
import { type CompactionParts, keepCompacting } from './keep-compacting.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A store that notes when it is compacted, and a clock that the test turns. */
function world(work: (seenSinceMs: number) => Promise<void> = async () => {}) {
  let now = 1_700_000_000_000;
  const start = now;
  const calls: { at: number; seenForDays: number }[] = [];
  const errors: unknown[] = [];
  let due: { at: number; work: () => void } | null = null;
  const parts: CompactionParts = {
    clock: { now: () => now },
    store: {
      async compact(seenSinceMs) {
        calls.push({ at: (now - start) / HOUR_MS, seenForDays: (now - seenSinceMs) / DAY_MS });
        await work(seenSinceMs);
        return { horizon: null, rows: 0, records: 0 };
      },
    },
    logger: { error: (fields) => errors.push(fields) },
    after(ms, next) {
      const mine = { at: now + ms, work: next };
      due = mine;
      return () => {
        if (due === mine) due = null;
      };
    },
  };
  const pass = async (ms: number) => {
    const until = now + ms;
    for (;;) {
      const next: { at: number; work: () => void } | null = due;
      if (next === null || next.at > until) break;
      due = null;
      now = next.at;
      next.work();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    now = until;
  };
  return { parts, pass, calls, errors, pending: () => due !== null };
}

test('[SV3] tombstones are forgotten soon after the start and every few hours, those of long silent devices too', async () => {
  const { parts, pass, calls } = world();
  keepCompacting(parts);
  await pass(13 * HOUR_MS);
  expect(calls.map(({ at }) => Math.floor(at))).toEqual([0, 6, 12]);
  expect(new Set(calls.map(({ seenForDays }) => seenForDays))).toEqual(new Set([400]));
});

test('[SV3] as often, and for as long, as the server is told', async () => {
  const { parts, pass, calls } = world();
  keepCompacting(parts, { everyMs: HOUR_MS / 60, seenForMs: 30 * DAY_MS });
  await pass(HOUR_MS / 20);
  expect(calls.map(({ seenForDays }) => seenForDays)).toEqual([30, 30, 30]);
});

test('[SV3, SV7] one that fails is reported, and the next comes all the same', async () => {
  const { parts, pass, calls, errors } = world(() => Promise.reject(new Error('the database is out of reach')));
  keepCompacting(parts);
  await pass(7 * HOUR_MS);
  expect([calls.length, errors.length]).toEqual([2, 2]);
});

test('[SV7] a server that stops waits for the one under way and begins no other', async () => {
  let finish = () => {};
  const { parts, pass, calls, pending } = world(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  const service = keepCompacting(parts);
  await pass(HOUR_MS);
  let stopped = false;
  const stopping = service.stop().then(() => {
    stopped = true;
  });
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(stopped).toBe(false);
  finish();
  await stopping;
  expect([calls.length, pending()]).toEqual([1, false]);
});
