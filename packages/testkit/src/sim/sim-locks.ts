import type { Locks } from '@holdfast/device';
import type { TabGate } from './tab-gate.ts';

/**
 * The locks of all tabs of one device, as Web Locks are: first come, first served, gone with the tab. A
 * frozen tab's lock can be taken away, by the browser or by who steals it, and it does not hear of it: when it
 * thaws it goes on as if it had it.
 */
export interface SimLocks {
  /** As one tab sees them. */
  forTab(gate: TabGate): Locks;
  takeFrom(gate: TabGate): void;
}

interface Waiter {
  readonly gate: TabGate;
  readonly go: () => void;
}

interface Held {
  holder: Waiter | null;
  readonly queue: Waiter[];
}

export function createSimLocks(): SimLocks {
  const locks = new Map<string, Held>();
  const lockOf = (name: string): Held => {
    let lock = locks.get(name);
    if (lock === undefined) {
      lock = { holder: null, queue: [] };
      locks.set(name, lock);
    }
    return lock;
  };
  const grant = (lock: Held) => {
    if (lock.holder !== null) return;
    const next = lock.queue.find(({ gate }) => !gate.frozen);
    if (next === undefined) return;
    lock.queue.splice(lock.queue.indexOf(next), 1);
    lock.holder = next;
    next.go();
  };
  const release = (lock: Held, waiter: Waiter) => {
    if (lock.holder === waiter) lock.holder = null;
    grant(lock);
  };
  const enqueue = (lock: Held, gate: TabGate, signal: AbortSignal | undefined) =>
    new Promise<Waiter>((resolve, reject) => {
      const calledOff = () => {
        lock.queue.splice(lock.queue.indexOf(own), 1);
        reject(signal?.reason);
      };
      const own: Waiter = {
        gate,
        go() {
          signal?.removeEventListener('abort', calledOff);
          resolve(own);
        },
      };
      lock.queue.push(own);
      signal?.addEventListener('abort', calledOff, { once: true });
      grant(lock);
    });
  return {
    forTab(gate) {
      gate.onThaw(() => {
        for (const lock of locks.values()) grant(lock);
      });
      return {
        async exclusive(name, work, signal) {
          signal?.throwIfAborted();
          const lock = lockOf(name);
          const waiter = await enqueue(lock, gate, signal);
          try {
            return await work();
          } finally {
            release(lock, waiter);
          }
        },
        async steal(name, work) {
          const lock = lockOf(name);
          const own: Waiter = { gate, go() {} };
          lock.holder = own;
          try {
            return await work();
          } finally {
            release(lock, own);
          }
        },
      };
    },
    takeFrom(gate) {
      for (const lock of locks.values()) {
        if (lock.holder?.gate !== gate) continue;
        lock.holder = null;
        grant(lock);
      }
    },
  };
}
