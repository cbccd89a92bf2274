import { expect, test } from 'vitest';
import { idsHistory } from './ids-history.ts';
import type { CreatePromise } from './rest-server.ts';

const promises: readonly CreatePromise[] = ['key', 'look-up', 'neither'];

test.each(promises)('[ID2, ID3, ID4, ID5] histories over an API that assigns ids: %s', async (promise) => {
  const counts: Record<string, number> = {};
  for (let seed = 1; seed <= 8; seed += 1) {
    const devices = seed % 3 === 0 ? 2 : 1;
    const { violations, counts: own } = await idsHistory(seed, 40, devices, promise);
    expect(violations.slice(0, 3), `seed ${seed}`).toEqual([]);
    for (const [name, times] of Object.entries(own)) counts[name] = (counts[name] ?? 0) + times;
  }
  // It really did something: writes of every kind, and every fate of a request.
  for (const name of ['create', 'update', 'delete', 'kill', 'lost-there', 'lost-back', 'killed-after']) {
    expect(counts[name] ?? 0, name).toBeGreaterThan(5);
  }
  expect((counts['maybe-sent'] ?? 0) > 0).toBe(promise === 'neither');
});

/** Seeds that failed once, with what each taught. */
const lessons: readonly [number, number, CreatePromise, string][] = [
  [26, 1, 'look-up', '[OB1] a change under the server id that was sent is not undone by an earlier one that waited'],
  [8, 1, 'neither', '[OB5] a delete waits for no create that is blocked'],
  [2, 1, 'neither', '[ID2] a record that refers to itself is made first and completed then'],
];

test.each(lessons)('seed %i, %i devices, %s: %s', async (seed, devices, promise) => {
  expect((await idsHistory(seed, 40, devices, promise)).violations).toEqual([]);
});
