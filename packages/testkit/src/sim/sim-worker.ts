import type { History } from './run-history.ts';
import { runSim, type Share, type SimReport } from './run-sim.ts';

/** What a worker process tells the one that started it. */
export type Told = { readonly failed: History } | { readonly done: SimReport };

const watch = {
  now: () => Date.now(),
  used: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

const tell = (told: Told) => new Promise<void>((resolve) => process.send?.(told, () => resolve()));

process.once('message', async (share: Share) => {
  const done = await runSim(share, watch, (failed) => void tell({ failed }));
  await tell({ done });
  process.disconnect();
});
// Nobody is left to tell.
process.once('disconnect', () => process.exit(0));
