/** What `npm run check` looks at, one function a check. Each gives what is wrong, in text; empty is well. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { sourceFiles } from './fingerprint.mjs';
import { root } from './root.mjs';
import { runNode, runNpm } from './run.mjs';

const bin = (path) => join(root, 'node_modules', path);
const kept = { output: 'kept' };

export const checks = {
  types: () => tool('typescript/bin/tsc', ['-b']),
  'test-types': () => tool('typescript/bin/tsc', ['-p', 'tsconfig.tests.json']),
  'app-types': () => tool('typescript/bin/tsc', ['-p', 'apps/fieldbook', '--noEmit']),
  lint: () => tool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '--max-diagnostics=50', '.']),
  boundaries: checkBoundaries,
  unused: () => tool('knip/bin/knip.js', ['--no-progress']),
  packages: checkPackages,
  spec: () => said(runNode([join(root, 'scripts/spec.mjs')], kept)),
};

function tool(path, args) {
  return said(runNode([bin(path), ...args], kept));
}

async function said(running) {
  const { code, stdout, stderr } = await running;
  return code === 0 ? '' : `${stdout}${stderr}`.trim() || `ended with code ${code}`;
}

/**
 * Who imports whom. A cruiser that cannot parse a source leaves it out without a word, and would then
 * find nothing wrong: so the modules are counted against the sources.
 */
async function checkBoundaries() {
  const cruise = ['--config', '.dependency-cruiser.mjs', 'packages', 'apps'];
  const program = bin('dependency-cruiser/bin/dependency-cruise.mjs');
  const { stdout, stderr } = await runNode([program, ...cruise, '--output-type', 'json'], kept);
  let result;
  try {
    result = JSON.parse(stdout);
  } catch {
    return `dependency-cruiser gave no result.\n${stderr}`;
  }
  const cruised = new Set(result.modules.map((module) => module.source));
  const sources = (await sourceFiles(['packages', 'apps']))
    .map((file) => relative(root, file).replaceAll('\\', '/'))
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'));
  const missed = sources.filter((file) => !cruised.has(file));
  const violations = result.summary.violations.map(
    ({ rule, from, to, cycle }) =>
      `${rule.name}: ${from} → ${cycle ? cycle.map((each) => each.name ?? each).join(' → ') : to}`,
  );
  return [...violations, ...missed.map((file) => `not looked at: ${file}`)].join('\n');
}

/** Each package as it would be published: packed, and looked at from outside. */
async function checkPackages() {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-pack-'));
  const problems = [];
  try {
    for (const name of await readdir(join(root, 'packages'))) {
      const manifest = join(root, 'packages', name, 'package.json');
      if (!existsSync(manifest) || JSON.parse(await readFile(manifest, 'utf8')).private) continue;
      problems.push(...(await checkPackage(join(root, 'packages', name), folder)).map((each) => `${name}: ${each}`));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return problems.join('\n');
}

async function checkPackage(cwd, folder) {
  const packed = await runNpm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { ...kept, cwd });
  if (packed.code !== 0) return [packed.stderr.trim()];
  const tarball = join(folder, JSON.parse(packed.stdout)[0].filename);
  const { exports = {} } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'));
  const styles = Object.keys(exports).filter((entry) => entry.endsWith('.css'));
  const lookAtTypes = [
    bin('@arethetypeswrong/cli/dist/index.js'),
    tarball,
    ...['--profile', 'esm-only', '--no-emoji', '--no-color'],
    // A style sheet has no types.
    ...(styles.length > 0 ? ['--exclude-entrypoints', ...styles] : []),
  ];
  const publint = await said(
    runNode([bin('publint/src/cli.js'), 'run', tarball, '--strict', '--level', 'warning'], kept),
  );
  const attw = await said(runNode(lookAtTypes, kept));
  return [publint, attw].filter((text) => text !== '');
}
