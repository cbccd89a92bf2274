import type { Timers } from '../../ports/platform.ts';

/** Node's timers. They keep the process alive: what waits for one may be a write. */
export function nodeTimers(): Timers {
  return {
    after(ms, work) {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  };
}
