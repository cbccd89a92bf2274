import { expect, test } from 'vitest';
import { runHistory } from './world.ts';

test('[SY7] a short history keeps every promise', async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const history = await runHistory(seed, 40);
    if (history.violations.length > 0)
      console.log(seed, history.faults, history.trace.slice(-30).join('\n'), history.counts);
    expect(history.violations).toEqual([]);
  }
});
