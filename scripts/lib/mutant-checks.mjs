/** What is to catch a planted fault: tests by their file, and the simulator. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const LONGEST_TESTS_MS = 30 * 60_000;
const SIM_ENTRY = 'packages/testkit/src/process/sim-until-broken.ts';

/**
 * How a check ended: `caught` with what it said, `passed` (it noticed nothing), or `broken`: it could not
 * be run at all, which says nothing about the fault.
 */
export async function runCheck(tree, check, minutes) {
  const startedAt = Date.now();
  const outcome = check === 'sim' ? await runSimulator(tree, minutes) : await runTests(tree, [check]);
  return { check, ...outcome, seconds: (Date.now() - startedAt) / 1_000 };
}

/** Runs test files to the first failure. */
export async function runTests(tree, files) {
  const report = join(tree.folder, 'report.json');
  await rm(report, { force: true });
  const vitest = join(tree.folder, 'node_modules/vitest/vitest.mjs');
  // A machine that does something else as well must not look like a fault.
  const args = [
    'run',
    '--bail=1',
    '--testTimeout=240000',
    '--hookTimeout=240000',
    '--reporter=json',
    `--outputFile=${report}`,
    '--root',
    tree.folder,
    ...files,
  ];
  const { code, output, timedOut } = await runIn(tree, [vitest, ...args], LONGEST_TESTS_MS);
  if (timedOut) return { end: 'broken', said: 'the tests did not end' };
  const result = JSON.parse(await readFile(report, 'utf8').catch(() => 'null'));
  if (result === null) return { end: 'broken', said: output.slice(-2_000) };
  const tests = result.testResults.flatMap((file) => file.assertionResults);
  const failed = tests.find((test) => test.status === 'failed');
  if (failed !== undefined) return { end: 'caught', said: failed.fullName };
  if (code !== 0) return { end: 'broken', said: result.testResults.map(({ message }) => message).join('\n') || output };
  if (tests.length === 0) return { end: 'broken', said: `no test in ${files.join(', ')}` };
  return { end: 'passed', said: `${tests.length} tests` };
}

async function runSimulator(tree, minutes) {
  const program = join(tree.folder, 'node_modules/.cache/sim.mjs');
  try {
    await bundle(tree, SIM_ENTRY, program);
  } catch (error) {
    return { end: 'broken', said: String(error.message ?? error) };
  }
  const { code, output, timedOut } = await runIn(tree, [program, '1', String(minutes)], (20 * minutes + 2) * 60_000);
  if (timedOut) return { end: 'broken', said: 'the simulator did not end' };
  const last = output.trim().split('\n').at(-1) ?? '';
  if (code === 0) return { end: 'passed', said: last };
  if (!last.startsWith('{"seed"')) return { end: 'broken', said: output.slice(-2_000) };
  const { seed, violations } = JSON.parse(last);
  return { end: 'caught', said: `seed ${seed}: ${violations[0]}` };
}

/** Our own packages from the copy's sources; those of others stay where they are. */
async function bundle(tree, entry, outfile) {
  await mkdir(join(tree.folder, 'node_modules/.cache'), { recursive: true });
  await build({
    entryPoints: [tree.path(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@holdfast/source'],
    logLevel: 'silent',
    plugins: [
      {
        name: 'others-stay-outside',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('@holdfast/') ? undefined : { path, external: true },
          ),
      },
    ],
  });
}

function runIn(tree, args, longestMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: tree.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, longestMs);
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8'), timedOut });
    });
  });
}
