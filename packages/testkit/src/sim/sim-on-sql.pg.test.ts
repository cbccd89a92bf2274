import { expect, test } from 'vitest';
import { stepsOf } from './run-sim.ts';
import { reachableKinds, runOn } from './sample-on-databases.ts';

/** One of them is long. */
const SEEDS = [96, 97, 98, 99, 100];

const kinds = await reachableKinds();

test('there is a Postgres to play on', () => {
  if (!kinds.includes('Postgres')) console.warn('no histories on Postgres: set HOLDFAST_TEST_POSTGRES');
  expect(process.env['CI'] === 'true' && !kinds.includes('Postgres'), 'CI must have a Postgres').toBe(false);
});

for (const kind of kinds) {
  test.each(SEEDS)(
    `[SY1, SY5, SY7, SV1] with the server on ${kind} the history of seed %i keeps every promise`,
    async (seed) => {
      const { violations, counts } = await runOn(kind, seed, stepsOf(seed));
      expect(violations).toEqual([]);
      expect(counts['outcome applied'] ?? 0).toBeGreaterThan(0);
    },
  );
}
