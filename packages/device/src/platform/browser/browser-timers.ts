import type { Timers } from '../../ports/platform.ts';

export function browserTimers(): Timers {
  return {
    after(ms, work) {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  };
}
