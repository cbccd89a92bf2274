import { HoldfastError } from '@holdfast/core';
import type { Timers } from '../../ports/platform.ts';

export interface Patience {
  readonly timers: Timers;
  /** Milliseconds. */
  readonly boundMs: number;
}

/**
 * The outcome of something that may hang because somebody else holds the store; once the bound has
 * passed, `StoreBusy`. What was begun cannot be called off: `onLate` is where the caller sees to it.
 */
export async function withinBound<T>({ timers, boundMs }: Patience, begun: Promise<T>, onLate: () => void): Promise<T> {
  let callOff = () => {};
  const bound = new Promise<null>((resolve) => {
    callOff = timers.after(boundMs, () => resolve(null));
  });
  try {
    const outcome = await Promise.race([begun.then((value) => ({ value })), bound]);
    if (outcome) return outcome.value;
  } finally {
    callOff();
  }
  onLate();
  throw new HoldfastError('StoreBusy');
}
