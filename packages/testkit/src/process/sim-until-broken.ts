import { runSim } from '../sim/run-sim.ts';

/**
 * Arguments: the first seed, and minutes of this process's own work, whatever else the machine does. Runs
 * histories until one breaks a promise: prints it as one line of JSON and ends with 1.
 */
const [seed = '1', minutes = '5'] = process.argv.slice(2);

function workedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const report = await runSim(
  { firstSeed: Number(seed), stride: 1, histories: null, onDatabases: 0, minutes: Number(minutes) },
  { now: workedMs, used: workedMs },
  ({ plan, violations }) => {
    process.stdout.write(`${JSON.stringify({ seed: plan.seed, violations: violations.slice(0, 3) })}\n`, () =>
      process.exit(1),
    );
  },
);
process.stdout.write(`${JSON.stringify({ histories: report.histories })}\n`);
