import type { RecordStatus } from '@holdfast/device';
import { useCallback, useSyncExternalStore } from 'react';
import { useDevice } from './use-device.ts';

/** OP2: where one record stands. Renders again only when this record's status changes. */
export function useRecordStatus(collection: string, id: string): RecordStatus {
  const { records } = useDevice().outbox;
  const subscribe = useCallback((listener: () => void) => records.subscribe(listener), [records]);
  const get = useCallback(() => records.get().get(`${collection}/${id}`) ?? 'sent', [records, collection, id]);
  return useSyncExternalStore(subscribe, get, get);
}
