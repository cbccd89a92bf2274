import type { Locks, Timers } from '../ports/platform.ts';

export interface TurnDeps {
  readonly locks: Locks;
  readonly timers: Timers;
  readonly lockName: string;
  /** The number of the newest exchange. */
  readonly readFence: () => Promise<number>;
}

/** Longer than any exchange may take, with taking in what it brings. */
const FROZEN_MS = 16 * 60_000;

/**
 * SY2: runs `work` while nobody else of this device exchanges. A tab that was frozen while it held the lock
 * must not hold up the others for ever: where no exchange began for longer than one can take, its turn is
 * over; what it does when it thaws, the fence keeps out of the store.
 */
export async function takeTurn<T>(deps: TurnDeps, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const { locks, timers, lockName } = deps;
  if (locks.steal === undefined) return locks.exclusive(lockName, work, signal);
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let cancel = () => {};
  let turn: 'waits' | 'came' | 'stolen' = 'waits';
  try {
    return await new Promise<T>((resolve, reject) => {
      const check = async (last: number | null) => {
        const fence = await deps.readFence();
        if (turn !== 'waits' || waiting.signal.aborted) return;
        if (fence !== last) {
          look(fence);
          return;
        }
        turn = 'stolen';
        stop();
        locks.steal?.(lockName, work).then(resolve, reject);
      };
      const look = (last: number | null) => {
        cancel = timers.after(FROZEN_MS, () => void check(last).catch(reject));
      };
      const mine = async () => {
        cancel();
        // It was called off, and a queue that does not heed that had it wait on.
        waiting.signal.throwIfAborted();
        turn = 'came';
        return work();
      };
      look(null);
      locks.exclusive(lockName, mine, waiting.signal).then(resolve, (error: unknown) => {
        if (turn !== 'stolen') reject(error);
      });
    });
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
  }
}
