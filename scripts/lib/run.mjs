import { spawn } from 'node:child_process';
import { root } from './root.mjs';

/**
 * Runs a program to its end and gives its exit code and, where captured, what it said. `shown` lets it
 * speak to the terminal itself; `both` also keeps its output.
 */
export function run(command, args, { output = 'shown', env = {}, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', output === 'shown' ? 'inherit' : 'pipe', output === 'shown' ? 'inherit' : 'pipe'],
    });
    const chunks = { stdout: [], stderr: [] };
    for (const name of ['stdout', 'stderr']) {
      child[name]?.on('data', (chunk) => {
        chunks[name].push(chunk);
        if (output === 'both') process[name].write(chunk);
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({
        code: code ?? 1,
        signal,
        stdout: Buffer.concat(chunks.stdout).toString('utf8'),
        stderr: Buffer.concat(chunks.stderr).toString('utf8'),
      }),
    );
  });
}

/** The same for a program of Node's. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** npm, by the very file that started us where it did: there need be none on the path. */
export function runNpm(args, options) {
  const npm = process.env.npm_execpath;
  if (npm && /npm-cli\.[cm]?js$/.test(npm)) return runNode([npm, ...args], options);
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options);
}
