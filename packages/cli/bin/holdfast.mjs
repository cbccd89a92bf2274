#!/usr/bin/env node
// The `holdfast` command. Its code is in ../dist; inside the repository that is built here when missing.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
const buildHere = new URL('../../../scripts/lib/build-stale.mjs', import.meta.url);

try {
  if (existsSync(buildHere)) {
    const { ensureInstalled } = await import(new URL('./ensure-installed.mjs', buildHere).href);
    await ensureInstalled({ native: false });
    await (await import(buildHere.href)).buildStale({ parts: ['packages'] });
  }
  if (!existsSync(main)) throw new Error('The holdfast command is not built: run "npm run build" in its package.');
  const { runCommandLine } = await import(main.href);
  process.exitCode = await runCommandLine(process.argv);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
