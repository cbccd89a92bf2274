import type { OutboxEntry } from '@holdfast/device';
import { useMemo } from 'react';
import { outboxStore } from './outbox-store.ts';
import { useDevice } from './use-device.ts';
import { useObservable } from './use-observable.ts';

/** Every entry of the outbox, in the order made, as it changes; `undefined` until it has been read. */
export function useOutbox(): readonly OutboxEntry[] | undefined {
  const device = useDevice();
  const store = useMemo(() => outboxStore(device), [device]);
  const state = useObservable(store);
  if (state.at === 'failed') throw state.error;
  return state.at === 'rows' ? state.rows : undefined;
}
