/**
 * `npm test`, from a fresh clone too: installs, finds a browser, builds, runs every test, then three
 * minutes of simulated histories. Arguments go to Vitest, and then only those tests run. The last line is the count.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildStale } from './lib/build-stale.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { findChromium } from './lib/find-chromium.mjs';
import { runScript, step } from './lib/problem.mjs';
import { root } from './lib/root.mjs';
import { runNode } from './lib/run.mjs';
import { addTallies, tallyLine, tallyVitest } from './lib/tally.mjs';

const SIMULATED_MINUTES = 3;
/** Always the same: whether a change passes depends on the change, not on the day. `npm run sim` looks for new ones. */
const FIRST_SEED = 10_000;

await runScript(async (args) => {
  await ensureInstalled({ native: true });
  const env = { CHROMIUM: await findChromium() };
  await buildStale();
  const tests = await runTests(args, env);
  const simulated = args.length > 0 ? { passed: 0, failed: 0 } : await runSimulation(env);
  const all = addTallies(tests, simulated);
  process.stdout.write(`${tallyLine(all)}\n`);
  return all.failed > 0 ? 1 : 0;
});

async function runTests(args, env) {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-tests-'));
  const file = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { code } = await runNode([vitest, 'run', ...reporters, ...args], { env });
    const report = JSON.parse(await readFile(file, 'utf8').catch(() => 'null'));
    const tally = tallyVitest(report, { exitCode: code, chosen: args.length > 0 });
    for (const note of tally.notes) step(note);
    return tally;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Counts as one check: what it did stands above it. */
async function runSimulation(env) {
  step(`Simulating for ${SIMULATED_MINUTES} minutes.`);
  const args = [join(root, 'scripts/sim.mjs'), '--minutes', String(SIMULATED_MINUTES), '--seed', String(FIRST_SEED)];
  const { code } = await runNode(args, { env });
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}
