import { expect, test } from 'vitest';
import { planOf } from './plan.ts';
import { readPlan, writePlan } from './plan-text.ts';
import { runHistory, runPlan } from './run-history.ts';
import { runSim } from './run-sim.ts';

test('[SY1, SY2, SY5, SY6, SY7] histories with every kind of fault keep every promise', async () => {
  const failed: unknown[] = [];
  const share = { firstSeed: 1, stride: 1, histories: 60, minutes: null, onDatabases: 0 };
  const report = await runSim(share, { now: () => 0, used: () => 0 }, ({ plan, violations }) =>
    failed.push({ seed: plan.seed, violations }),
  );
  expect(failed).toEqual([]);
  // It really did something: writes of every kind, kills, lost answers, every outcome.
  for (const name of ['change dose', 'delete something', 'reassign person', 'direct change', 'outcome conflict']) {
    expect(report.counts[name] ?? 0, name).toBeGreaterThan(5);
  }
  for (const name of [
    'kill',
    'kill at statement',
    'freeze',
    'server crash',
    'deploy',
    'rights',
    'clone',
    'backup',
    'restore',
    'compact',
    'poison note',
  ]) {
    expect(report.counts[name] ?? 0, name).toBeGreaterThan(0);
  }
  expect(report.counts['outcome applied'] ?? 0).toBeGreaterThan(400);
}, 600_000);

test('the same seed gives the same trace, and the same plan written down does', async () => {
  const [first, second] = [await runHistory(7, 80), await runHistory(7, 80)];
  expect(second.traceHash).toBe(first.traceHash);
  expect((await runHistory(8, 80)).traceHash).not.toBe(first.traceHash);
  const plan = readPlan(writePlan(planOf(7, 80)));
  expect((await runPlan(plan)).traceHash).toBe(first.traceHash);
});
