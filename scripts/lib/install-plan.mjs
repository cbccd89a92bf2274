import { createHash } from 'node:crypto';

/** Older ones lack what we rely on. */
const OLDEST_NODE = [20, 19];

/** Null, or the sentence that says which Node is needed. */
export function nodeProblem(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [oldMajor, oldMinor] = OLDEST_NODE;
  if (major > oldMajor || (major === oldMajor && minor >= oldMinor)) return null;
  return `Holdfast needs Node ${OLDEST_NODE.join('.')} or newer, and this is ${version}: install a newer Node, then run the same again.`;
}

/** What the installed packages depend on: another lock, Node, machine or C library makes them stale. */
export function installKey({ lock, nodeMajor, platform, arch, libc }) {
  return createHash('sha256')
    .update(JSON.stringify([lock, nodeMajor, platform, arch, libc]))
    .digest('hex');
}

/**
 * Whether the lock has this platform's binaries. A lock lists only those that the registry it was made
 * with could give; npm takes what it lists for all there is.
 */
export function lockKnowsPlatform(lock, { platform, arch, libc }) {
  const families = new Map();
  for (const [path, entry] of Object.entries(lock.packages ?? {})) {
    if (!entry.os || !entry.cpu) continue;
    const family = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length).split(/[/-]/)[0];
    const fits =
      entry.os.includes(platform) &&
      entry.cpu.includes(arch) &&
      (!entry.libc || libc === null || entry.libc.includes(libc));
    families.set(family, (families.get(family) ?? false) || fits);
  }
  return [...families.values()].every(Boolean);
}

/** The arguments for npm, or null where what is installed will do. */
export function planInstall({ stamp, key, lockKnown }) {
  if (stamp === key) return null;
  return [
    'install',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    // The one script that is needed compiles SQLite; it is run by itself where the tests need it.
    '--ignore-scripts',
    ...(lockKnown ? [] : ['--no-package-lock']),
  ];
}

/** The tools missing of those that build a native module; each can go by several names. */
export function missingTools(found) {
  return [
    ['g++', ['g++', 'c++', 'clang++']],
    ['make', ['make', 'gmake']],
    ['python3', ['python3', 'python']],
  ]
    .filter(([, names]) => !names.some(found))
    .map(([tool]) => tool);
}
