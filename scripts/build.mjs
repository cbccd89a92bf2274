/** `npm run build`: packages and app, anew. */
import { buildStale } from './lib/build-stale.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { runScript } from './lib/problem.mjs';

await runScript(async () => {
  await ensureInstalled({ native: false });
  await buildStale({ force: true });
});
