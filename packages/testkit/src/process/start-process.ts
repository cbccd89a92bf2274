import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** A process of its own, that a test can kill. */
export interface TestProcess {
  /** Resolves at the first line it prints that begins so, with that line. */
  line(start: string): Promise<string>;
  /** Resolves once it has printed so many lines that begin so. */
  atLeast(start: string, count: number): Promise<void>;
  /** What it has printed so far. */
  readonly lines: readonly string[];
  /** kill -9 */
  kill(): Promise<void>;
  /** How it ended by itself. */
  readonly exit: Promise<number | null>;
}

/** A program bundled from the sources, to be started as often as a test likes. */
export interface TestProgram {
  start(...args: readonly string[]): TestProcess;
  dispose(): Promise<void>;
}

/** The program that writes to a store until it is killed; see the file for its arguments. */
export function storeWriterProgram(): Promise<TestProgram> {
  const here = fileURLToPath(new URL('.', import.meta.url)).replace(/([\\/])dist([\\/]process[\\/])$/, '$1src$2');
  return bundleProgram(join(here, 'store-writer.ts'));
}

/** Node of version 20 runs no TypeScript, so that a program is bundled first. */
export async function bundleProgram(entry: string): Promise<TestProgram> {
  // Inside node_modules, where the program finds the packages that stay outside of the bundle.
  const cache = join(process.cwd(), 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const outDir = await mkdtemp(join(cache, 'holdfast-program-'));
  await build({
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['@holdfast/source', 'node', 'import', 'module', 'default'] },
    ssr: { noExternal: [/^@holdfast\//], target: 'node' },
    build: { ssr: entry, outDir, emptyOutDir: true, rolldownOptions: { output: { entryFileNames: 'program.mjs' } } },
  });
  const running = new Set<TestProcess>();
  return {
    start(...args) {
      const started = startProcess(join(outDir, 'program.mjs'), args);
      running.add(started);
      return started;
    },
    async dispose() {
      for (const one of running) await one.kill();
      await rm(outDir, { recursive: true, force: true });
    },
  };
}

function startProcess(file: string, args: readonly string[]): TestProcess {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null));
  const lines: string[] = [];
  const onLine = new Set<() => void>();
  collectLines(child, (line) => {
    lines.push(line);
    for (const listener of [...onLine]) listener();
  });
  /** Looks after each line until there is something to find. */
  const printed = <T>(start: string, find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        onLine.delete(look);
        resolve(found);
      };
      onLine.add(look);
      exit.then((code) => reject(new Error(`the process ended (${code}) before it printed "${start}"`)));
      look();
    });
  return {
    lines,
    exit,
    line: (start) => printed(start, () => lines.find((line) => line.startsWith(start))),
    async atLeast(start, count) {
      await printed(start, () => lines.filter((line) => line.startsWith(start)).length >= count || undefined);
    },
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

function collectLines(child: ChildProcess, onLine: (line: string) => void): void {
  if (child.stdout) createInterface({ input: child.stdout }).on('line', onLine);
}
