import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/** A script as Node runs it. Packages are left out: they are loaded as they were built, like an app's. */
export async function bundleScript(entry: string): Promise<string> {
  const folder = join(process.cwd(), 'node_modules/.cache/holdfast/bench');
  await mkdir(folder, { recursive: true });
  const outfile = join(folder, `${basename(entry, '.ts')}.mjs`);
  await build({
    entryPoints: [join(process.cwd(), entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}
