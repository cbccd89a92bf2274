import { parentPort, workerData } from 'node:worker_threads';
import { runFullDisk } from './fill-disk.ts';
import { runCrash } from './run-crash.ts';

/** What one worker does of a run. */
export interface Share {
  readonly points: number;
  readonly full: number;
  readonly seed: number;
  readonly share: { readonly index: number; readonly of: number };
}

export interface ShareReport {
  readonly points: number;
  readonly torn: number;
  readonly full: number;
  readonly failed: number;
  readonly operations: number;
  readonly places: number;
}

const PROBLEM_LENGTH = 600;

/** Runs one worker's share, and tells of each torn point as it is found. */
async function runShare({ points, full, seed, share }: Share, print: (line: string) => void): Promise<ShareReport> {
  const crashed = await runCrash({ points, seed, share }, ({ number, operation, point, problems }) => {
    const where = `${point.torn ? 'inside' : 'before'} its write ${point.index}, unsynced ${point.model}`;
    print(`point ${number}, ${operation}, ${where}:\n${shown(problems)}`);
  });
  const filled = await runFullDisk({ points: full, seed, share }, ({ operation, write, problems }) => {
    print(`${operation}, disk full at its write ${write}:\n${shown(problems)}`);
  });
  const { operations, places, torn } = crashed;
  return {
    points: crashed.points,
    torn: torn.length,
    full: filled.points,
    failed: filled.failed.length,
    operations,
    places,
  };
}

function shown(problems: readonly string[]): string {
  return problems
    .slice(0, 5)
    .map((problem) => `  ${problem.slice(0, PROBLEM_LENGTH)}`)
    .join('\n');
}

const port = parentPort;
if (port === null) throw new Error('this is the worker of a crash run');
port.postMessage(await runShare(workerData as Share, (line) => port.postMessage(line)));
