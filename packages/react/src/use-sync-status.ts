import type { Status } from '@holdfast/device';
import { useDevice } from './use-device.ts';
import { useObservable } from './use-observable.ts';

/** OP1: link, phase, progress and counts of the outbox, as they change. */
export function useSyncStatus(): Status {
  return useObservable(useDevice().status);
}
