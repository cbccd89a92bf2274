import type { Logger } from '../http/create-handler.ts';
import type { Compaction, ServerStore } from '../store/server-store.ts';

/** When tombstones are forgotten that nobody needs any more (SV3). */
export interface CompactionOptions {
  /** Milliseconds from one compaction to the next. Default: 6 hours. */
  readonly everyMs?: number;
  /** Devices that were not seen for so many milliseconds hold nothing back; they read anew. Default: 400 days. */
  readonly seenForMs?: number;
}

export interface CompactionParts {
  readonly store: Pick<ServerStore, 'compact'>;
  /** Milliseconds since 1970. */
  readonly clock: { now(): number };
  readonly logger?: Pick<Logger, 'error'>;
  /** Runs `work` once after `ms`; gives back how to call it off. Default: this process's. */
  readonly after?: (ms: number, work: () => void) => () => void;
}

const HOUR_MS = 3_600_000;
const EVERY_MS = 6 * HOUR_MS;
/** As long as a device may be away and still find its old work understood (hazard E3). */
const SEEN_FOR_MS = 400 * 24 * HOUR_MS;
/** A server that was just started has other things to do; one that is started every day compacts all the same. */
const FIRST_MS = 10 * 60_000;

/**
 * Compacts the store for as long as the server runs. A compaction that fails is reported, and is tried again at its
 * next time; nothing waits for it. With several processes each does it: they take turns in the database.
 */
export function keepCompacting(
  { store, clock, logger, after = afterOnTimers }: CompactionParts,
  { everyMs = EVERY_MS, seenForMs = SEEN_FOR_MS }: CompactionOptions = {},
): { stop(): Promise<void> } {
  let stopped = false;
  let running: Promise<Compaction | null> = Promise.resolve(null);
  const compact = async () => {
    try {
      return await store.compact(clock.now() - seenForMs);
    } catch (error) {
      if (!stopped) logger?.error({ err: error }, 'tombstones could not be forgotten');
      return null;
    }
  };
  const due = () => {
    running = compact().finally(() => {
      if (!stopped) cancel = after(everyMs, due);
    });
  };
  let cancel = after(Math.min(FIRST_MS, everyMs), due);
  return {
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}

function afterOnTimers(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
