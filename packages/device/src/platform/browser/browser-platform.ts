import type { Nudges, Platform } from '../../ports/platform.ts';
import { webRandom } from '../web-random.ts';
import { browserLinkTraits, connection } from './browser-link.ts';
import { browserLocks } from './browser-locks.ts';
import { browserNotices } from './browser-notices.ts';
import { browserTimers } from './browser-timers.ts';

export interface BrowserPlatform extends Platform {
  /** Passes on what only the page sees, such as that it came to the foreground. */
  nudge(why: 'link' | 'foreground'): void;
}

/** A worker's clock, chance, timers, locks and notices. `name` is the store's: tabs of one name meet. */
export function browserPlatform({ name }: { readonly name: string }): BrowserPlatform {
  const { nudges, nudge } = browserNudges();
  return {
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    random: webRandom(),
    timers: browserTimers(),
    locks: browserLocks(name),
    notices: browserNotices(name),
    nudges,
    linkTraits: browserLinkTraits,
    nudge,
  };
}

function browserNudges(): { nudges: Nudges; nudge: (why: 'link' | 'foreground') => void } {
  const listeners = new Set<(why: 'link' | 'foreground') => void>();
  const nudge = (why: 'link' | 'foreground') => {
    for (const listener of [...listeners]) listener(why);
  };
  self.addEventListener('online', () => nudge('link'));
  // Another network, though it was never told that the old one had gone.
  connection()?.addEventListener?.('change', () => nudge('link'));
  const nudges: Nudges = {
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { nudges, nudge };
}
