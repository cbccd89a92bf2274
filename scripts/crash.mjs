/** `npm run crash`: a device stopped at any write to its disk; `--help` says how. */
import { buildStale } from './lib/build-stale.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { findChromium } from './lib/find-chromium.mjs';
import { runScript } from './lib/problem.mjs';

await runScript(async (args) => {
  await ensureInstalled({ native: true });
  await buildStale({ parts: ['packages'] });
  if (args.includes('--pages')) process.env.CHROMIUM = await findChromium();
  const { main } = await import('../packages/testkit/dist/crash/main.js');
  return main(args, (text) => process.stdout.write(`${text}\n`));
});
