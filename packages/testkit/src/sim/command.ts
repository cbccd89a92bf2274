import { readPlan, writePlan } from './plan-text.ts';
import { type History, runHistory, runPlan } from './run-history.ts';
import { runInProcesses } from './run-in-processes.ts';
import { type SimReport, stepsOf } from './run-sim.ts';
import { shrink } from './shrink.ts';

type Print = (text: string) => void;

interface Options {
  readonly firstSeed: number;
  readonly seeds: number | null;
  readonly minutes: number | null;
  readonly shrink: boolean;
  readonly json: boolean;
}

/** A run this long spends a quarter of its time on histories with the server on PGlite and on Postgres. */
const LONG_MINUTES = 10;
const ON_DATABASES = 0.25;

/** As many histories as fit or are wanted. Gives the exit code, as all of these do. */
export async function playMany(options: Options, processes: number, print: Print): Promise<number> {
  const { firstSeed, minutes, json } = options;
  print(`sim: seeds from ${firstSeed}, ${processes} processes`);
  const onDatabases = minutes !== null && minutes >= LONG_MINUTES ? ON_DATABASES : 0;
  const share = { firstSeed, histories: options.seeds, minutes, onDatabases };
  const report = await runInProcesses(share, processes, (history) => print(describe(history, 20)));
  const { histories, steps, failures, seconds, counts } = report;
  const stepsPerSecond = Math.round(steps / Math.max(seconds, 0.001));
  print(`sim: ${histories} histories, ${steps} steps, ${stepsPerSecond} steps a second and core, ${failures} failures`);
  if (onDatabases > 0) print(`sim: of these ${kindsOf(counts)}; a seed that fails there may not fail again`);
  if (json) print(JSON.stringify({ histories, steps, stepsPerSecond, failures, counts }));
  return failures === 0 ? 0 : 1;
}

/** One history, with its trace. */
export async function playSeed({ firstSeed, ...options }: Options, print: Print): Promise<number> {
  return show(await runHistory(firstSeed, stepsOf(firstSeed)), options, print);
}

/** A history that was written down. */
export async function playPlan(text: string, options: Omit<Options, 'firstSeed'>, print: Print): Promise<number> {
  return show(await runPlan(readPlan(text)), options, print);
}

async function show(history: History, options: Omit<Options, 'firstSeed'>, print: Print): Promise<number> {
  const failures = history.violations.length > 0 ? 1 : 0;
  if (failures > 0 && options.shrink) print(writePlan(await shrink(history)));
  else print(describe(history, 60));
  print(`did: ${JSON.stringify(history.counts)}`);
  if (options.json) print(JSON.stringify({ histories: 1, steps: history.steps, failures }));
  return failures;
}

function describe({ plan, steps, violations, faults, trace }: History, lines: number): string {
  return [
    `seed ${plan.seed}: ${violations.length} broken promises after ${steps} steps`,
    ...violations.slice(0, 5).map((violation) => `  ${violation.slice(0, 600)}`),
    `  faults ${JSON.stringify(faults)}`,
    ...trace.slice(-lines).map((line) => `    ${line}`),
    `  again: npm run sim -- --seed ${plan.seed}`,
  ].join('\n');
}

function kindsOf(counts: SimReport['counts']): string {
  return (['PGlite', 'Postgres'] as const)
    .map((kind) => `${counts[`history on ${kind}`] ?? 0} histories on ${kind}`)
    .join(' and ');
}
