import type { Schema } from '@holdfast/core';
import type { Device, Observable, OutboxEntry } from '@holdfast/device';
import type { LiveState } from './live-store.ts';

/** The outbox as an observable: read again when its counts or a record's status change. */
export function outboxStore<S extends Schema>(device: Device<S>): Observable<LiveState<OutboxEntry>> {
  const listeners = new Set<() => void>();
  let state: LiveState<OutboxEntry> = { at: 'reading' };
  let reading = false;
  let stale = false;
  let stop: (() => void) | null = null;

  const read = async () => {
    if (reading) {
      stale = true;
      return;
    }
    reading = true;
    do {
      stale = false;
      const next = await device.outbox.list().then(
        (rows) => ({ at: 'rows', rows }) as const,
        (error: unknown) => ({ at: 'failed', error }) as const,
      );
      if (listeners.size === 0) break;
      state = next;
      for (const listener of listeners) listener();
    } while (stale);
    reading = false;
  };

  const listen = () => {
    const stops = [device.status.subscribe(read), device.outbox.records.subscribe(read)];
    void read();
    return () => {
      for (const each of stops) each();
    };
  };

  return {
    get: () => state,
    subscribe(listener) {
      listeners.add(listener);
      stop ??= listen();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = null;
      };
    },
  };
}
