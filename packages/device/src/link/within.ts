import type { Timers } from '../ports/platform.ts';

/** Something that was waited for did not come in time. */
export class TooLate extends Error {}

/** Hazard G4: no await without an end. @throws TooLate; whatever `work` does after that reaches nobody */
export async function within<T>(timers: Timers, ms: number, what: string, work: Promise<T>): Promise<T> {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = timers.after(ms, () => reject(new TooLate(`${what} within ${ms} ms`)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}

/** Fails when the signal is aborted: a transport need not heed it (hazard G4). */
export function heeding<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(new Error('cancelled'));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
