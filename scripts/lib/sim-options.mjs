import { parseArgs } from 'node:util';

export const SIM_HELP = `Runs simulated histories: real engine, real server code, faults by seed.

  npm run sim -- --minutes 3          as many histories as fit, on all cores
  npm run sim -- --seeds 500          so many
  npm run sim -- --seed 42            that one alone, with its trace
  npm run sim -- --seed 42 --seeds 9  that one first
  npm run sim -- --plan FILE          a plan that was written down
  npm run sim -- --seed 42 --shrink   the least part of that history that still fails, as a plan
  --json                              end with one line of JSON

A run of ten minutes or more spends a quarter of its time on a server with PGlite and Postgres.
Exits with 1 if a promise was broken, with 2 if an option is wrong.
`;

const MINUTES_BY_DEFAULT = 3;

/** What to run; or null where help was asked for. @throws with the reason where an option is wrong */
export function simOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string' },
      seeds: { type: 'string' },
      seed: { type: 'string' },
      plan: { type: 'string' },
      shrink: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const minutes = numberOf('minutes', values.minutes, () => true);
  const seeds = numberOf('seeds', values.seeds, Number.isSafeInteger);
  const seed = numberOf('seed', values.seed, (value) => Number.isSafeInteger(value) && value < 2 ** 32);
  const alone = seed !== null && seeds === null && minutes === null;
  return {
    firstSeed: seed ?? Math.floor(Date.now() / 1_000),
    seeds: alone ? 1 : seeds,
    minutes: seeds === null && minutes === null && !alone ? MINUTES_BY_DEFAULT : minutes,
    alone,
    plan: values.plan ?? null,
    shrink: values.shrink,
    json: values.json,
  };
}

function numberOf(name, text, fits) {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || !fits(value)) throw new Error(`--${name} takes a number, not "${text}"`);
  return value;
}
