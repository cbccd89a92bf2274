import type { RecordStatus } from '@holdfast/device';
import { useDevice } from './use-device.ts';
import { useObservable } from './use-observable.ts';

/** OP2: the status of every record that is not simply sent, by `collection/id`. */
export function useRecordStatuses(): ReadonlyMap<string, RecordStatus> {
  return useObservable(useDevice().outbox.records);
}
