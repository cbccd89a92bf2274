/** `npm run sim`: simulated histories with faults by seed; `--help` says how. */
import { buildStale } from './lib/build-stale.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { runScript } from './lib/problem.mjs';

await runScript(async (args) => {
  await ensureInstalled({ native: true });
  await buildStale({ parts: ['packages'] });
  const { main } = await import('../packages/testkit/dist/sim/main.js');
  return main(args, (text) => process.stdout.write(`${text}\n`));
});
