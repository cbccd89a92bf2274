/** `npm run sim`: simulated histories with faults by seed; `--help` says how. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { buildStale } from './lib/build-stale.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { runScript } from './lib/problem.mjs';
import { SIM_HELP, simOptions } from './lib/sim-options.mjs';

const print = (text) => process.stdout.write(`${text}\n`);

await runScript(async (args) => {
  let options;
  try {
    options = simOptions(args);
  } catch (error) {
    print(`${error.message}\n\n${SIM_HELP}`);
    return 2;
  }
  if (options === null) {
    print(SIM_HELP);
    return 0;
  }
  await ensureInstalled({ native: true });
  await buildStale({ parts: ['packages'] });
  const sim = await import('../packages/testkit/dist/sim/command.js');
  if (options.plan !== null) return sim.playPlan(await readFile(options.plan, 'utf8'), options, print);
  if (options.alone) return sim.playSeed(options, print);
  return sim.playMany(options, availableParallelism(), print);
});
