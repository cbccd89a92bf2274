/** `npm run bench`: figures with their floors; `--help` says how. */
import { join } from 'node:path';
import { buildStale } from './lib/build-stale.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { findChromium } from './lib/find-chromium.mjs';
import { runScript } from './lib/problem.mjs';
import { root } from './lib/root.mjs';
import { runNode } from './lib/run.mjs';

await runScript(async (args) => {
  await ensureInstalled({ native: true });
  await buildStale({ parts: ['packages'] });
  const outfile = join(root, 'node_modules/.cache/holdfast/bench/main.mjs');
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(root, 'bench/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  const { code } = await runNode([outfile, ...args], { cwd: root, env: { CHROMIUM: await findChromium() } });
  return code;
});
