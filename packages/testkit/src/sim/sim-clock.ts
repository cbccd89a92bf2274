import type { Clock } from '@holdfast/device';
import type { VirtualTime } from './virtual-time.ts';

/** 2026-01-01: the world begins on some day. */
export const WORLD_START_MS = 1_767_225_600_000;

/** The clock of one device, as wrong as can be; its monotonic side only ever goes forward. */
export interface SimClock extends Clock {
  /** Sets it to the true time and so much more. */
  set(offsetMs: number): void;
  /** How fast it goes from now on: 1 is right, 0 stands still. */
  pace(rate: number): void;
}

export function createSimClock(time: VirtualTime): SimClock {
  let [shown, since, rate] = [WORLD_START_MS + time.now(), time.now(), 1];
  const now = () => Math.round(shown + (time.now() - since) * rate);
  return {
    now,
    monotonic: () => time.now(),
    set(offsetMs) {
      [shown, since] = [WORLD_START_MS + time.now() + offsetMs, time.now()];
    },
    pace(next) {
      [shown, since, rate] = [now(), time.now(), next];
    },
  };
}
