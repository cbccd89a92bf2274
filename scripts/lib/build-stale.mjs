/**
 * Builds what has changed since it was last built: the packages with the compiler, the app with Vite. A
 * build is known by the content of its sources, not by times: those are as checked out, or copied.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fingerprintOf, sourceFiles } from './fingerprint.mjs';
import { Problem, step } from './problem.mjs';
import { root } from './root.mjs';
import { runNode } from './run.mjs';

const CONFIGS = ['package-lock.json', 'tsconfig.base.json', 'tsconfig.json'];
const isTest = (file) => /\.test(-d)?\.tsx?$/.test(file);

const packages = {
  name: 'packages',
  says: 'Building the packages.',
  sources: [...CONFIGS, 'packages'],
  result: 'packages/cli/dist/index.js',
  async build() {
    await removeOrphans();
    return runNode([join(root, 'node_modules/typescript/bin/tsc'), '-b']);
  },
};

const app = {
  name: 'fieldbook',
  says: 'Building Fieldbook.',
  sources: [...CONFIGS, 'apps/fieldbook', 'packages/core', 'packages/device', 'packages/react'],
  result: 'apps/fieldbook/dist/index.html',
  build: () =>
    runNode([join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
      cwd: join(root, 'apps/fieldbook'),
    }),
};

/** Builds what is stale of these, packages first; with `force` all of it. */
export async function buildStale({ force = false, parts = ['packages', 'fieldbook'] } = {}) {
  for (const part of [packages, app]) if (parts.includes(part.name)) await buildPart(part, force);
}

async function buildPart({ name, says, sources, result, build }, force) {
  const stamp = join(root, 'node_modules/.cache/holdfast', `built-${name}`);
  const fingerprint = await fingerprintOf(sources, (file) => !isTest(file));
  const built = await readFile(stamp, 'utf8').catch(() => null);
  if (!force && built === fingerprint && existsSync(join(root, result))) return;
  step(says);
  // Gone while it is built: a build that is cut short is not taken for a whole one.
  await rm(stamp, { force: true });
  const { code } = await build();
  if (code !== 0) throw new Problem(`${name} could not be built; the reason stands above.`);
  await mkdir(dirname(stamp), { recursive: true });
  await writeFile(stamp, fingerprint);
}

/** Takes away what was built from sources that are no longer there: the compiler leaves it in the package. */
async function removeOrphans() {
  const sources = new Set(await sourceFiles(['packages']));
  const packages = await readdir(join(root, 'packages'));
  for (const name of packages) {
    const dist = join(root, 'packages', name, 'dist');
    for (const path of await readdir(dist, { recursive: true }).catch(() => [])) {
      const stem = /^(.+?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(path)?.[1];
      const source = join(root, 'packages', name, 'src', stem ?? '');
      if (stem !== undefined && !sources.has(`${source}.ts`) && !sources.has(`${source}.tsx`))
        await rm(join(dist, path));
    }
  }
}
