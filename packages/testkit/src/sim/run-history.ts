import { chosenFaults, type Faults } from './faults.ts';
import { type Plan, planOf } from './plan.ts';
import { setTripwire } from './tripwire.ts';
import { World } from './world.ts';

export interface History {
  readonly plan: Plan;
  readonly steps: number;
  readonly faults: Partial<Faults>;
  /** The promises broken; empty is what everybody wants. */
  readonly violations: readonly string[];
  /** The last things that happened, newest last. */
  readonly trace: readonly string[];
  /** Of all that happened: the same plan gives the same. */
  readonly traceHash: string;
  /** What the history really did. */
  readonly counts: Readonly<Record<string, number>>;
}

export function runHistory(seed: number, steps: number, atEachStep?: () => void): Promise<History> {
  return runPlan(planOf(seed, steps), atEachStep);
}

/** Plays one history. Stops at the first violation: what follows from it says little. */
export async function runPlan(plan: Plan, atEachStep: () => void = () => {}): Promise<History> {
  const world = new World(plan);
  const wire = setTripwire();
  let done = 0;
  try {
    await world.begin();
    for (const step of plan.steps) {
      if (world.violations.length > 0) break;
      await world.play(step);
      atEachStep();
      done += 1;
      world.violations.push(...wire.trips());
    }
    if (world.violations.length === 0) await world.settle();
    await world.end();
    world.violations.push(...wire.trips());
  } finally {
    wire.remove();
  }
  return historyOf(world, plan, done);
}

function historyOf(world: World, plan: Plan, steps: number): History {
  for (const { outcome } of world.server.answers.values()) {
    world.counts[`outcome ${outcome}`] = (world.counts[`outcome ${outcome}`] ?? 0) + 1;
  }
  return {
    plan,
    steps,
    faults: chosenFaults(plan.faults),
    violations: [...new Set(world.violations)],
    trace: world.trace,
    traceHash: (world.hash >>> 0).toString(16),
    counts: world.counts,
  };
}
