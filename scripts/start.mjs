/**
 * `npm start`, from a fresh clone too: installs, builds, and runs the server with the app on one port.
 * The server runs in this process, so that Ctrl-C and exit codes are its own.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildStale } from './lib/build-stale.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { parentGone } from './lib/parent-gone.mjs';
import { runScript } from './lib/problem.mjs';
import { root } from './lib/root.mjs';

await runScript(async () => {
  const until = process.env.npm_lifecycle_event === 'start' ? parentGone() : undefined;
  await ensureInstalled({ native: false });
  await buildStale();
  const { runServer } = await import(pathToFileURL(join(root, 'packages/cli/dist/index.js')).href);
  await runServer({ config: join(root, 'holdfast.config.ts'), ...(until && { until }) });
});
