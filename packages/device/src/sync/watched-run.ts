import type { Platform } from '../ports/platform.ts';
import { type Progress, watch } from './stall.ts';

/** The watchdog went on without this run: whatever it still does, nobody waits for it. */
export class LeftBehind extends Error {}

/** One go of the sync loop, with a watchdog on a timer of its own (hazard G4). */
export interface WatchedRun {
  readonly signal: AbortSignal;
  /** Fails with `LeftBehind` where the run was called off and did not end even then. */
  readonly left: Promise<never>;
  isLeft(): boolean;
  callOff(): void;
  /** Something moved; the next is due within so many milliseconds. */
  moved(withinMs: number): void;
  /** Runs `work` under the watchdog. Waiting for a turn is not watched: others may have much to do. */
  watched<T>(work: () => Promise<T>): Promise<T>;
}

export function watchedRun({ clock, timers }: Pick<Platform, 'clock' | 'timers'>, stallMs: number): WatchedRun {
  const controller = new AbortController();
  let progress: Progress = { movedAt: clock.monotonic(), withinMs: 0, calledOffAt: null };
  let cancel = () => {};
  let isLeft = false;
  let leave = () => {};
  const left = new Promise<never>((_, reject) => {
    leave = () => {
      isLeft = true;
      reject(new LeftBehind(`nothing moved for ${stallMs} ms`));
    };
  });
  left.catch(() => {});

  const callOff = () => {
    if (progress.calledOffAt === null) progress = { ...progress, calledOffAt: clock.monotonic() };
    controller.abort();
  };
  const look = () => {
    const verdict = watch(progress, clock.monotonic(), stallMs);
    if (verdict.type === 'go-on-without') {
      leave();
      return;
    }
    if (verdict.type === 'call-off') callOff();
    const lookAt = verdict.type === 'leave' ? verdict.lookAt : clock.monotonic();
    cancel = timers.after(Math.max(1, lookAt - clock.monotonic()), look);
  };

  return {
    signal: controller.signal,
    left,
    isLeft: () => isLeft,
    callOff,
    moved(withinMs) {
      progress = { ...progress, movedAt: clock.monotonic(), withinMs };
    },
    async watched(work) {
      progress = { ...progress, movedAt: clock.monotonic(), withinMs: 0 };
      look();
      try {
        return await Promise.race([work(), left]);
      } finally {
        cancel();
      }
    },
  };
}
