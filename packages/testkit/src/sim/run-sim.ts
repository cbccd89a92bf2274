import { type History, runHistory } from './world.ts';

export interface SimPlan {
  readonly firstSeed: number;
  /** Stop after this many histories; null for no limit. */
  readonly seeds: number | null;
  /** Stop after this long by the wall clock; null for no limit. */
  readonly minutes: number | null;
}

export interface SimReport {
  readonly histories: number;
  readonly steps: number;
  readonly failures: number;
  readonly stepsPerSecond: number;
  readonly failed: readonly History[];
  /** What all histories together really did. */
  readonly counts: Readonly<Record<string, number>>;
}

const SHORT_STEPS = 40;
const LONG_STEPS = 200;
/** One history in a hundred is run twice: the same seed has to give the same trace (I16). */
const REPEAT_EVERY = 100;
const KEPT_FAILURES = 5;

/** One in ten is long. */
export function stepsOf(seed: number): number {
  return seed % 10 === 0 ? LONG_STEPS : SHORT_STEPS;
}

export async function runSim(
  plan: SimPlan,
  clock: { now(): number },
  onFailure: (history: History) => void,
): Promise<SimReport> {
  const startedAt = clock.now();
  const failed: History[] = [];
  const counts: Record<string, number> = {};
  let [histories, steps, failures] = [0, 0, 0];
  const goesOn = () =>
    (plan.seeds === null || histories < plan.seeds) &&
    (plan.minutes === null || clock.now() - startedAt < plan.minutes * 60_000);
  while (goesOn()) {
    const seed = plan.firstSeed + histories;
    let history = await runHistory(seed, stepsOf(seed));
    if (histories % REPEAT_EVERY === 0) history = await runAgain(history);
    histories += 1;
    steps += history.steps;
    for (const [name, count] of Object.entries(history.counts)) counts[name] = (counts[name] ?? 0) + count;
    if (history.violations.length === 0) continue;
    failures += 1;
    if (failed.length < KEPT_FAILURES) failed.push(history);
    onFailure(history);
  }
  const stepsPerSecond = Math.round((1_000 * steps) / Math.max(1, clock.now() - startedAt));
  return { histories, steps, failures, stepsPerSecond, failed, counts };
}

async function runAgain(history: History): Promise<History> {
  const again = await runHistory(history.seed, stepsOf(history.seed));
  if (again.traceHash === history.traceHash) return history;
  const problem = `[I16] seed ${history.seed} gave the trace ${history.traceHash}, then ${again.traceHash}`;
  return { ...history, violations: [...history.violations, problem] };
}
