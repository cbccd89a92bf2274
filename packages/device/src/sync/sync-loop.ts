import { limits } from '@holdfast/core';
import type { BatchLimits } from '../outbox/choose-batch.ts';
import type { Platform } from '../ports/platform.ts';
import { type ExchangeDeps, exchangeOnce } from './exchange-once.ts';
import {
  advance,
  mayStart,
  nextDue,
  SYNC_START,
  type SyncEvent,
  type SyncState,
  type Trigger,
} from './sync-machine.ts';

export interface SyncOptions {
  /** Asks by itself this often, besides all other triggers. */
  readonly pollMs: number;
  /** Writes within this time go together. */
  readonly coalesceMs: number;
  readonly batch: BatchLimits;
}

export const DEFAULT_SYNC: SyncOptions = {
  pollMs: 3 * 60_000,
  coalesceMs: 25,
  batch: { mutations: 500, bytes: limits.transactionBytes },
};

export interface SyncDeps extends Omit<ExchangeDeps, 'platform'> {
  readonly platform: Platform;
  /** Name of the lock that one exchange of this store is made under. */
  readonly lockName: string;
  readonly onState: (state: SyncState) => void;
  /** Something failed that is neither the network nor the server: the store. Shown, logged, tried again. */
  readonly onFault: (error: unknown) => void;
}

export interface SyncLoop {
  trigger(why: Trigger): void;
  /** One catch-up; resolves when it ended, however. */
  sync(): Promise<void>;
  pause(): void;
  resume(): void;
  state(): SyncState;
  stop(): Promise<void>;
}

/** Never more in one go: a fault that makes each exchange ask for another one ends here, and is due again. */
const MOST_EXCHANGES = 10_000;
/** A read that begins anew more often than this in one go waits as for a busy server (hazard A9). */
const MOST_RESTARTS = 3;

/** Performs what the state machine decides: when to exchange, and when to go on. */
export function createSyncLoop(deps: SyncDeps, options: SyncOptions = DEFAULT_SYNC): SyncLoop {
  const { clock, random, timers, locks } = deps.platform;
  let state = SYNC_START;
  let running: Promise<void> | null = null;
  /** What asked for another exchange while one was under way. */
  let again: Trigger | null = null;
  let stopped = false;
  let cancelDue = () => {};
  let cancelSoon: (() => void) | null = null;
  let abort = new AbortController();
  let batch = options.batch;
  let restarts = 0;

  const move = (event: SyncEvent) => {
    // Pausing wins over what a running exchange still has to say.
    if (state.phase.at === 'paused' && event.type !== 'resumed') return;
    state = advance(state, event, clock.now(), random.fraction());
    deps.onState(state);
  };

  const schedule = () => {
    cancelDue();
    if (stopped) return;
    const due = nextDue(state, clock.now(), options.pollMs);
    if (due !== null) cancelDue = timers.after(Math.max(0, due - clock.now()), () => start('due'));
  };

  const step = async (): Promise<'again' | 'done'> => {
    const outcome = await locks.exclusive(deps.lockName, () => exchangeOnce(deps, batch, abort.signal));
    if (outcome.type === 'overtaken' || (outcome.type === 'taken-in' && outcome.restarted)) {
      restarts += 1;
      if (restarts <= MOST_RESTARTS) return 'again';
      move({ type: 'busy', retryAfterMs: null, detail: 'the read had to begin anew again and again' });
      return 'done';
    }
    if (outcome.type === 'taken-in') {
      batch = options.batch;
      const goOn = outcome.more || again !== null || (outcome.taken.sendable && outcome.taken.answered > 0);
      move({ type: goOn ? 'goes-on' : 'answered' });
      return goOn ? 'again' : 'done';
    }
    const { result } = outcome;
    if (result.type === 'rejected' && outcome.sent > 1 && batch.mutations > 1) {
      // Somebody in this batch is not taken, or it is too large: halves find out without holding up the rest.
      batch = {
        mutations: Math.max(1, Math.floor(Math.min(batch.mutations, outcome.sent) / 2)),
        bytes: batch.bytes / 2,
      };
      return 'again';
    }
    move(result);
    return 'done';
  };

  const drain = async () => {
    restarts = 0;
    try {
      move({ type: 'started' });
      for (let count = 0; count < MOST_EXCHANGES && !stopped && state.phase.at !== 'paused'; count += 1) {
        again = null;
        if ((await step()) === 'done') break;
      }
    } catch (error) {
      move({ type: 'busy', retryAfterMs: null, detail: error instanceof Error ? error.message : String(error) });
      if (!stopped) deps.onFault(error);
    }
    if (state.phase.at === 'exchanging') move({ type: 'answered' });
  };

  const start = (why: Trigger) => {
    if (stopped) return;
    if (running !== null) {
      again = why;
      return;
    }
    if (!mayStart(state, why, clock.now())) return;
    cancelDue();
    again = null;
    running = drain().finally(() => {
      running = null;
      schedule();
      // It failed while somebody asked: what asked may know better, such as a link that has come back.
      if (again !== null) start(again);
    });
  };

  return {
    trigger(why) {
      if (why !== 'write') {
        start(why);
        return;
      }
      if (cancelSoon !== null || stopped) return;
      cancelSoon = timers.after(options.coalesceMs, () => {
        cancelSoon = null;
        start('write');
      });
    },
    async sync() {
      start('asked');
      await running;
    },
    pause() {
      move({ type: 'paused' });
      abort.abort();
      cancelDue();
    },
    resume() {
      if (state.phase.at !== 'paused') return;
      abort = new AbortController();
      move({ type: 'resumed' });
      start('asked');
    },
    state: () => state,
    async stop() {
      stopped = true;
      abort.abort();
      cancelDue();
      cancelSoon?.();
      await running;
    },
  };
}
