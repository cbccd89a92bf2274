import { test } from 'vitest';
import { runHistory } from './world.ts';

test('many', async () => {
  const total: Record<string, number> = {};
  let bad = 0;
  const t = performance.now();
  const from = Number(process.env.FROM ?? 1000),
    n = Number(process.env.N ?? 400);
  for (let seed = from; seed < from + n; seed += 1) {
    const h = await runHistory(seed, seed % 10 === 0 ? 200 : 40);
    for (const [k, v] of Object.entries(h.counts)) total[k] = (total[k] ?? 0) + v;
    if (h.violations.length > 0) {
      bad += 1;
      if (bad <= 2)
        console.log(seed, JSON.stringify(h.faults), h.trace.slice(-25).join('\n'), h.violations.slice(0, 6));
    }
  }
  console.log(bad, performance.now() - t, JSON.stringify(total));
}, 600000);
