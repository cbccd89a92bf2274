/**
 * Installs what is missing, so that `npm start` and `npm test` need nothing before them. Always `npm
 * install`, never `npm ci`: a lock made where the registry lacks packages of other platforms omits them,
 * and `npm ci` then refuses. The stamp is written last: an install that was cut short is done again.
 */
import { constants, existsSync } from 'node:fs';
import { access, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { withFileLock } from './file-lock.mjs';
import { installKey, lockKnowsPlatform, missingTools, nodeProblem, planInstall } from './install-plan.mjs';
import { Problem, step } from './problem.mjs';
import { root } from './root.mjs';
import { runNode, runNpm } from './run.mjs';

const STAMP = join(root, 'node_modules', '.holdfast-installed');
const LOCK = join(root, 'node_modules', '.holdfast-installing');
const NATIVE_MODULE = 'better-sqlite3-multiple-ciphers';

/**
 * @param {{ native: boolean }} options `native`: the SQLite of Node is needed too; starting the app does
 * without, and so without its two minutes of compiling.
 */
export async function ensureInstalled({ native }) {
  const old = nodeProblem(process.version);
  if (old) throw new Problem(old);
  await assertWritable();
  await withFileLock(LOCK, 'Another process is installing packages here; waiting for it.', async () => {
    await installPackages();
    if (native) await buildNativeModule();
  });
}

async function installPackages() {
  const machine = thisMachine();
  const readLock = () => readFile(join(root, 'package-lock.json'), 'utf8');
  const lock = await readLock();
  const stamp = await readFile(STAMP, 'utf8').catch(() => null);
  const lockKnown = lockKnowsPlatform(JSON.parse(lock), machine);
  const args = planInstall({ stamp, key: installKey({ lock, ...machine }), lockKnown });
  if (args === null) return;
  step('Installing packages. The first time this takes about a minute.');
  const { code } = await runNpm(args);
  if (code !== 0)
    throw new Problem('npm install failed; what it said stands above. Check the network, then run the same again.');
  // npm may have completed the lock.
  await writeFile(STAMP, installKey({ lock: await readLock(), ...machine }));
}

async function buildNativeModule() {
  if (await loads(NATIVE_MODULE)) return;
  const missing = missingTools(isOnPath);
  if (missing.length > 0) {
    throw new Problem(
      `The tests run SQLite in Node, which is compiled here and needs ${missing.join(' and ')}: install (on Debian: apt-get install -y g++ make python3), then run the same again.`,
    );
  }
  step('Compiling SQLite for Node. This is done once and takes one to three minutes.');
  const { code } = await runNpm(['rebuild', NATIVE_MODULE]);
  if (code !== 0 || !(await loads(NATIVE_MODULE))) {
    throw new Problem(`${NATIVE_MODULE} could not be compiled; what the compiler said stands above.`);
  }
}

/** In a process of its own: a module that is broken can take its process down. */
async function loads(name) {
  const program = `new (require(${JSON.stringify(name)}))(':memory:').prepare('select 1').get()`;
  return (await runNode(['-e', program], { output: 'kept' })).code === 0;
}

async function assertWritable() {
  await access(root, constants.W_OK).catch(() => {
    throw new Problem(`${root} cannot be written: give write permission, or copy the folder to a place that has it.`);
  });
}

function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

function thisMachine() {
  const { platform, arch } = process;
  // Asking every network interface for its name can take seconds.
  if (process.report) process.report.excludeNetwork = true;
  const glibc = process.report?.getReport().header.glibcVersionRuntime;
  return {
    platform,
    arch,
    libc: platform === 'linux' ? (glibc ? 'glibc' : 'musl') : null,
    nodeMajor: Number(process.versions.node.split('.')[0]),
  };
}
