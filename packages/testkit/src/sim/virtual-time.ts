/** Time that goes only when somebody turns the crank. */
export interface VirtualTime {
  /** Milliseconds since the world began. */
  now(): number;
  after(ms: number, work: () => void): () => void;
  /** Moves to the next thing due, at most to `until`, and does it. False when nothing was due by then. */
  next(until: number): boolean;
  pending(): number;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

export function createVirtualTime(): VirtualTime {
  let now = 0;
  let order = 0;
  let due: Due[] = [];
  return {
    now: () => now,
    after(ms, work) {
      const item: Due = { at: now + Math.max(0, ms), order, work };
      order += 1;
      due.push(item);
      return () => {
        due = due.filter((other) => other !== item);
      };
    },
    next(until) {
      let first: Due | undefined;
      for (const item of due) {
        if (!first || item.at < first.at || (item.at === first.at && item.order < first.order)) first = item;
      }
      if (!first || first.at > until) {
        now = Math.max(now, until);
        return false;
      }
      const taken = first;
      due = due.filter((item) => item !== taken);
      now = Math.max(now, taken.at);
      taken.work();
      return true;
    },
    pending: () => due.length,
  };
}

// Taken before a tripwire stands: the simulator itself has to wait for its own process.
const soon = setImmediate;

/** Lets everything that only waits for promises run to its end: no part of the world waits for real I/O. */
export function settlePromises(): Promise<void> {
  return new Promise((resolve) => soon(resolve));
}
