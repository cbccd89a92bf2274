import { type History, runHistory } from './run-history.ts';
import { reachableKinds, runOn } from './sample-on-databases.ts';

/** A share of a run: these seeds, one after the other. */
export interface Share {
  readonly firstSeed: number;
  /** From one seed to the next. */
  readonly stride: number;
  /** Stop after this many histories; null for no limit. */
  readonly histories: number | null;
  /** Stop after this long by the wall clock; null for no limit. */
  readonly minutes: number | null;
  /** Part of the time that goes to histories on a real database: 0 for none. */
  readonly onDatabases: number;
}

export interface SimReport {
  readonly histories: number;
  readonly steps: number;
  readonly failures: number;
  /** Of processor time. */
  readonly seconds: number;
  /** What all histories together really did. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The wall clock, and the processor time used so far; in milliseconds. */
export interface Watch {
  now(): number;
  used(): number;
}

export const NO_REPORT: SimReport = { histories: 0, steps: 0, failures: 0, seconds: 0, counts: {} };

const SHORT_STEPS = 40;
const LONG_STEPS = 200;
/** One history in a hundred is run twice: the same seed has to give the same trace (I16). */
const REPEAT_EVERY = 100;

/** One in ten is long. */
export function stepsOf(seed: number): number {
  return seed % 10 === 0 ? LONG_STEPS : SHORT_STEPS;
}

/** Of seven histories on a real database six are on PGlite, which is quicker to have. */
const PGLITE_OF_SEVEN = 6;

export async function runSim(share: Share, watch: Watch, onFailure: (history: History) => void): Promise<SimReport> {
  const kinds = share.onDatabases > 0 ? await reachableKinds() : [];
  let [onDatabases, sampled] = [0, 0];
  const startedAt = watch.now();
  const usedBefore = watch.used();
  let report = NO_REPORT;
  const goesOn = () =>
    (share.histories === null || report.histories < share.histories) &&
    (share.minutes === null || watch.now() - startedAt < share.minutes * 60_000);
  const note = (history: History, more: Readonly<Record<string, number>> = {}) => {
    const failed = history.violations.length > 0;
    if (failed) onFailure(history);
    const counts = { ...history.counts, ...more };
    report = addReports(report, { histories: 1, steps: history.steps, failures: failed ? 1 : 0, seconds: 0, counts });
  };
  while (goesOn()) {
    const seed = share.firstSeed + report.histories * share.stride;
    const began = watch.now();
    const isSample = kinds.length > 0 && onDatabases <= (began - startedAt) * share.onDatabases;
    if (isSample) {
      const kind = (sampled % 7 < PGLITE_OF_SEVEN ? kinds[0] : kinds.at(-1)) ?? 'PGlite';
      const history = await runOn(kind, seed, stepsOf(seed));
      note(history, { [`history on ${kind}`]: 1 });
      sampled += 1;
      onDatabases += watch.now() - began;
      continue;
    }
    let history = await runHistory(seed, stepsOf(seed));
    if (report.histories % REPEAT_EVERY === 0) history = await runAgain(history);
    note(history);
  }
  return { ...report, seconds: (watch.used() - usedBefore) / 1_000 };
}

export function addReports(a: SimReport, b: SimReport): SimReport {
  const counts = { ...a.counts };
  for (const [name, count] of Object.entries(b.counts)) counts[name] = (counts[name] ?? 0) + count;
  return {
    histories: a.histories + b.histories,
    steps: a.steps + b.steps,
    failures: a.failures + b.failures,
    seconds: a.seconds + b.seconds,
    counts,
  };
}

async function runAgain(history: History): Promise<History> {
  const { seed } = history.plan;
  const again = await runHistory(seed, stepsOf(seed));
  if (again.traceHash === history.traceHash) return history;
  const problem = `[I16] seed ${seed} gave the trace ${history.traceHash}, then ${again.traceHash}`;
  return { ...history, violations: [...history.violations, problem] };
}
