import type { ServerStore } from '@holdfast/server';
import { type EventName, eventOf, faultOf } from './events.ts';
import { chosenFaults, type Fault, type Faults } from './faults.ts';
import { type Plan, planOf } from './plan.ts';
import { setTripwire, type Tripwire } from './tripwire.ts';
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

/** What cannot happen to a real database here: it is watched from outside, and in nobody's hands. */
const IN_MEMORY_ONLY: readonly Fault[] = ['serverCrash', 'slowTransaction', 'deploy', 'restore', 'compaction'];

/**
 * One history on a real database, which does what it does in its own time: the same seed gives much the same, not
 * the same trace. The tripwire stays down, for a driver has sockets and timers.
 */
export function runOnDatabase(seed: number, steps: number, database: ServerStore): Promise<History> {
  const plan = planOf(seed, steps);
  const calm = Object.fromEntries(IN_MEMORY_ONLY.map((name) => [name, 0]));
  const possible = plan.steps.filter(({ what }) => {
    return eventOf(what) === null || !IN_MEMORY_ONLY.includes(faultOf(what as EventName));
  });
  const world = new World({ ...plan, faults: { ...plan.faults, ...calm } }, database);
  return play(world, { ...plan, steps: possible }, () => {}, NO_WIRE);
}

/** Plays one history. Stops at the first violation: what follows from it says little. */
export async function runPlan(plan: Plan, atEachStep: () => void = () => {}): Promise<History> {
  return play(new World(plan), plan, atEachStep, setTripwire());
}

const NO_WIRE: Tripwire = { trips: () => [], remove: () => {} };

async function play(world: World, plan: Plan, atEachStep: () => void, wire: Tripwire): Promise<History> {
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
