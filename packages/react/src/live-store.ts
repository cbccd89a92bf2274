import type { Schema } from '@holdfast/core';
import type { AppQuery, Device, Observable, QueryBuilder } from '@holdfast/device';

/** What a live query has brought so far. */
export type LiveState<Row> =
  | { readonly at: 'reading' }
  | { readonly at: 'rows'; readonly rows: readonly Row[] }
  | { readonly at: 'failed'; readonly error: unknown };

/**
 * A live query as an observable. It runs while somebody listens, so that making one has no effect and
 * a render that React throws away leaves nothing behind.
 */
export function liveStore<S extends Schema, Row>(
  device: Device<S>,
  build: (db: QueryBuilder<S>) => AppQuery<Row>,
): Observable<LiveState<Row>> {
  const listeners = new Set<() => void>();
  let state: LiveState<Row> = { at: 'reading' };
  let stop: (() => void) | null = null;

  const set = (next: LiveState<Row>) => {
    state = next;
    for (const listener of listeners) listener();
  };
  const fail = (error: unknown) => set({ at: 'failed', error });

  const start = (): (() => void) => {
    try {
      return device.live(build, (rows) => set({ at: 'rows', rows }), fail);
    } catch (error) {
      // A query that cannot even be planned fails like one that cannot be run.
      fail(error);
      return () => undefined;
    }
  };

  return {
    get: () => state,
    subscribe(listener) {
      listeners.add(listener);
      stop ??= start();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = null;
      };
    },
  };
}
