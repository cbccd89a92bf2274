import { backoffMs } from '../link/backoff.ts';
import type { Backend } from '../ports/backend.ts';
import type { Platform } from '../ports/platform.ts';

/** A stream that is cut sooner, by a proxy say, is opened ever more slowly like one that never opens. */
const LASTING_MS = 10_000;

/**
 * Keeps one stream of "there is news" open for the whole device, over all tabs; opens it again, ever
 * more slowly while it fails. Ends with the signal.
 */
export async function listenForNews(
  backend: Backend,
  platform: Pick<Platform, 'clock' | 'locks' | 'random' | 'timers'>,
  lockName: string,
  onNews: () => void,
  /** Calls back when the link is up again: then nobody waits any longer. Gives back how to stop. */
  whenUp: (wake: () => void) => () => void,
  signal: AbortSignal,
): Promise<void> {
  await platform.locks.exclusive(
    lockName,
    async () => {
      let told = false;
      for (let failures = 0; !signal.aborted; ) {
        const openedAt = platform.clock.monotonic();
        const result = await backend.live(onNews, signal);
        if (signal.aborted) return;
        const lasted = result === 'was-open' && platform.clock.monotonic() - openedAt >= LASTING_MS;
        failures = lasted ? 0 : failures + 1;
        // A stream that broke, and the first that does not open after it, are the first to know that the link
        // is gone: a server that stops lets the one end while it still answers.
        const opened = result === 'was-open';
        if (opened || !told) onNews();
        told = !opened;
        await pause(platform, backoffMs(failures, platform.random.fraction(), null), whenUp, signal);
      }
    },
    signal,
  );
}

function pause(
  platform: Pick<Platform, 'timers'>,
  ms: number,
  whenUp: (wake: () => void) => () => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      stop();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = platform.timers.after(ms, end);
    const stop = whenUp(end);
    signal.addEventListener('abort', end, { once: true });
  });
}
