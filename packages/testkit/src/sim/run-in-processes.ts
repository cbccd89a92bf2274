import { fork } from 'node:child_process';
import type { History } from './run-history.ts';
import { addReports, NO_REPORT, type Share, type SimReport } from './run-sim.ts';
import type { Told } from './sim-worker.ts';

/** Runs histories in so many processes at once: each world is alone in its own, globals and all. */
export async function runInProcesses(
  plan: Omit<Share, 'stride'>,
  processes: number,
  onFailure: (history: History) => void,
): Promise<SimReport> {
  const shares = Array.from({ length: processes }, (_, index): Share => {
    const left = plan.histories === null ? null : plan.histories - index;
    return {
      ...plan,
      firstSeed: plan.firstSeed + index,
      stride: processes,
      histories: left === null ? null : Math.max(0, Math.ceil(left / processes)),
    };
  });
  const reports = await Promise.all(shares.map((share) => runShare(share, onFailure)));
  return reports.reduce(addReports, NO_REPORT);
}

function runShare(share: Share, onFailure: (history: History) => void): Promise<SimReport> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./sim-worker.js', import.meta.url));
    child.on('message', (told: Told) => {
      if ('done' in told) resolve(told.done);
      else onFailure(told.failed);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`a worker ended with ${code} before it was done`)));
    child.send(share);
  });
}
