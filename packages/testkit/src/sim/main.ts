import { parseArgs } from 'node:util';
import { runSim } from './run-sim.ts';
import type { History } from './world.ts';

const HELP = `Runs simulated histories: real engine, real server code, faults by seed.

  npm run sim -- --minutes 1          as many histories as fit
  npm run sim -- --seeds 500          so many
  npm run sim -- --seed 42            that one alone, with its trace
  npm run sim -- --seed 42 --seeds 9  that one first
  --json                              end with one line of JSON: histories, steps, failures

Exits with 1 if a promise was broken, with 2 if an option is wrong.
`;

const MINUTES_BY_DEFAULT = 1;

interface Options {
  readonly minutes: number | null;
  readonly seeds: number | null;
  readonly seed: number | null;
  readonly json: boolean;
}

function wholeNumber(name: string, text: string | undefined, allowFraction = false): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!(value >= 0) || (!allowFraction && !Number.isSafeInteger(value))) {
    throw new Error(`--${name} takes a number, not "${text}"`);
  }
  return value;
}

function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      seeds: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  return {
    minutes: wholeNumber('minutes', values.minutes, true),
    seeds: wholeNumber('seeds', values.seeds),
    seed: wholeNumber('seed', values.seed),
    json: values.json,
  };
}

function describe(history: History, lines: number): string {
  return [
    `seed ${history.seed}: ${history.violations.length} broken promises after ${history.steps} steps`,
    ...history.violations.slice(0, 5).map((violation) => `  ${violation.slice(0, 400)}`),
    `  faults ${JSON.stringify(history.faults)}`,
    ...history.trace.slice(-lines).map((line) => `    ${line}`),
    `  again: npm run sim -- --seed ${history.seed}`,
  ].join('\n');
}

/** The `sim` command. Gives the exit code. */
export async function main(args: readonly string[], print: (text: string) => void): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions(args);
  } catch (error) {
    print(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (options === null) {
    print(HELP);
    return 0;
  }
  const { minutes, seeds, seed, json } = options;
  const alone = seed !== null && seeds === null && minutes === null;
  const noBound = seeds === null && minutes === null;
  const plan = {
    firstSeed: seed ?? Math.floor(Date.now() / 1_000),
    seeds: alone ? 1 : seeds,
    minutes: noBound && !alone ? MINUTES_BY_DEFAULT : minutes,
  };
  print(`sim: seeds from ${plan.firstSeed}`);
  const report = await runSim(plan, { now: () => Date.now() }, (history) => print(describe(history, 20)));
  const { histories, steps, failures, stepsPerSecond, counts } = report;
  if (alone) print(`did: ${JSON.stringify(counts)}`);
  print(`sim: ${histories} histories, ${steps} steps, ${stepsPerSecond} steps a second, ${failures} failures`);
  if (json) print(JSON.stringify({ histories, steps, failures }));
  return failures === 0 ? 0 : 1;
}
