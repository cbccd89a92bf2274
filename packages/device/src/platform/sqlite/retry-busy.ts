import { hasCode } from '@holdfast/core';
import type { Patience } from './within-bound.ts';

const LONGEST_PAUSE_MS = 50;

/**
 * Tries until the store is no longer busy, for `boundMs` of pauses in all; then the last `StoreBusy`
 * passes.
 */
export async function retryBusy<T>({ timers, boundMs }: Patience, attempt: () => T | Promise<T>): Promise<T> {
  let waitedMs = 0;
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!hasCode(error, 'StoreBusy') || waitedMs >= boundMs) throw error;
    }
    await new Promise<void>((resume) => timers.after(pauseMs, resume));
    waitedMs += pauseMs;
  }
}
