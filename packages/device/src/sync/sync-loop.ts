import { catalogue, HoldfastError, limits } from '@holdfast/core';
import { deadlinesFor, learnSpeed, slowDown, speedUp, UNKNOWN_SPEED } from '../link/link-speed.ts';
import type { BatchLimits } from '../outbox/choose-batch.ts';
import type { Platform } from '../ports/platform.ts';
import { type ExchangeDeps, type ExchangeOutcome, type ExchangeSize, exchangeOnce } from './exchange-once.ts';
import { readFence } from './fence.ts';
import { type BatchPart, largerPart, smallerPart } from './split-batch.ts';
import {
  advance,
  mayStart,
  nextDue,
  SYNC_START,
  type SyncEvent,
  type SyncState,
  type Trigger,
} from './sync-machine.ts';
import { takeTurn } from './take-turn.ts';
import { LeftBehind, type WatchedRun, watchedRun } from './watched-run.ts';

export interface SyncOptions {
  /** Asks by itself this often, besides all other triggers. */
  readonly pollMs: number;
  /** Writes within this time go together. */
  readonly coalesceMs: number;
  /** The most that goes at once; a slow link takes less (NW6). */
  readonly batch: Pick<BatchLimits, 'bytes' | 'mutations'>;
  /** NW7: past so many bytes on the wire a day low priorities wait; null for no budget. */
  readonly bytesPerDay: number | null;
}

export const DEFAULT_SYNC: SyncOptions = {
  pollMs: 3 * 60_000,
  coalesceMs: 25,
  batch: { mutations: 500, bytes: limits.transactionBytes },
  bytesPerDay: null,
};

export interface SyncDeps extends Omit<ExchangeDeps, 'bytesPerDay' | 'platform' | 'onReport'> {
  readonly platform: Platform;
  /** Name of the lock that one exchange of this store is made under. */
  readonly lockName: string;
  /** An exchange on which nothing moves for so long is called off. */
  readonly stallMs: number;
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
/** Transactions that were found not to be taken, in one go: where there are more, the fault is elsewhere. */
const MOST_SET_ASIDE = 20;

/** Performs what the state machine decides: when to exchange, how much, and when to go on. */
export function createSyncLoop(deps: SyncDeps, options: SyncOptions = DEFAULT_SYNC): SyncLoop {
  const { clock, random, timers, locks } = deps.platform;
  const exchangeDeps: ExchangeDeps = { ...deps, bytesPerDay: options.bytesPerDay, onReport: deps.onFault };
  const turns = { locks, timers, lockName: deps.lockName, readFence: () => deps.storage.read(readFence) };
  let state = SYNC_START;
  let running: Promise<void> | null = null;
  let run: WatchedRun | null = null;
  /** What asked for another exchange while one was under way. */
  let again: Trigger | null = null;
  let stopped = false;
  let cancelDue = () => {};
  let cancelSoon: (() => void) | null = null;
  let speed = UNKNOWN_SPEED;
  let part: BatchPart = null;
  let restarts = 0;
  let setAside = 0;
  let saidLimit = false;

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

  const size = (): ExchangeSize => ({
    batch: {
      mutations: part ?? options.batch.mutations,
      bytes: Math.min(options.batch.bytes, speed.batchBytes),
    },
    pageBytes: speed.pageBytes,
    deadlines: (sentBytes) => deadlinesFor(speed, sentBytes),
  });

  const busy = (detail: string) => {
    move({ type: 'busy', retryAfterMs: null, detail });
    return 'done' as const;
  };

  const conclude = (outcome: ExchangeOutcome): 'again' | 'done' => {
    if (outcome.type === 'overtaken' || (outcome.type === 'taken-in' && outcome.restarted)) {
      restarts += 1;
      return restarts <= MOST_RESTARTS ? 'again' : busy('the read had to begin anew again and again');
    }
    if (outcome.type === 'taken-in') {
      part = largerPart(part, options.batch.mutations);
      speed = outcome.sample === null ? speedUp(speed) : learnSpeed(speed, outcome.sample);
      const { limited } = outcome.taken;
      if (limited && !saidLimit) deps.onFault(new HoldfastError('ReadLimit'));
      saidLimit = limited;
      const goOn = outcome.more || again !== null || (outcome.taken.sendable && outcome.taken.answered > 0);
      if (limited && !goOn) return busy(catalogue.ReadLimit.says);
      move({ type: goOn ? 'goes-on' : 'answered' });
      return goOn ? 'again' : 'done';
    }
    const { result, sent, transactions } = outcome;
    if (result.type === 'down' && result.late === true) speed = slowDown(speed);
    if (result.type === 'rejected' && result.speaksOf === 'content' && sent > 0) {
      // Halves find out which transaction is not taken, or whether all of them are too much at once.
      part = smallerPart(sent, transactions);
      if (transactions > 1) return 'again';
      // It waits now, with the error said: its neighbours go on.
      setAside += 1;
      if (setAside <= MOST_SET_ASIDE) return 'again';
    }
    move(result);
    return 'done';
  };

  const drain = async (own: WatchedRun) => {
    restarts = 0;
    setAside = 0;
    try {
      move({ type: 'started' });
      for (let count = 0; count < MOST_EXCHANGES && !stopped && state.phase.at !== 'paused'; count += 1) {
        again = null;
        const exchange = () => exchangeOnce(exchangeDeps, size(), own.signal, own.moved);
        const outcome = await takeTurn(turns, () => own.watched(exchange), own.signal);
        if (own.isLeft() || conclude(outcome) === 'done') break;
      }
    } catch (error) {
      own.callOff();
      const detail = error instanceof Error ? error.message : String(error);
      // Neither is the store's fault: nothing moved, or another tab took over.
      if (error instanceof LeftBehind || isAbort(error)) move({ type: 'down', detail });
      else {
        busy(detail);
        if (!stopped) deps.onFault(error);
      }
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
    const own = watchedRun(deps.platform, deps.stallMs);
    run = own;
    running = drain(own).finally(() => {
      running = null;
      run = null;
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
      run?.callOff();
      cancelDue();
    },
    resume() {
      if (state.phase.at !== 'paused') return;
      move({ type: 'resumed' });
      start('asked');
    },
    state: () => state,
    async stop() {
      stopped = true;
      run?.callOff();
      cancelDue();
      cancelSoon?.();
      await running;
    },
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
