import { backoffMs } from '../link/backoff.ts';
import type { Backend } from '../ports/backend.ts';
import type { Platform } from '../ports/platform.ts';

/**
 * Keeps one stream of "there is news" open for the whole device, over all tabs; opens it again, ever
 * more slowly while it fails. Ends with the signal.
 */
export async function listenForNews(
  backend: Backend,
  platform: Pick<Platform, 'locks' | 'random' | 'timers'>,
  lockName: string,
  onNews: () => void,
  signal: AbortSignal,
): Promise<void> {
  await platform.locks.exclusive(
    lockName,
    async () => {
      for (let failures = 0; !signal.aborted; ) {
        const result = await backend.live(onNews, signal);
        if (signal.aborted) return;
        failures = result === 'was-open' ? 0 : failures + 1;
        // What came while the stream was down is asked for, not waited for.
        if (result === 'was-open') onNews();
        await pause(platform, backoffMs(failures, platform.random.fraction(), null), signal);
      }
    },
    signal,
  );
}

function pause(platform: Pick<Platform, 'timers'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = platform.timers.after(ms, () => {
      signal.removeEventListener('abort', end);
      resolve();
    });
    const end = () => {
      cancel();
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
  });
}
