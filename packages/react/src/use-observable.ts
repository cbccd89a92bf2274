import type { Observable } from '@holdfast/device';
import { useCallback, useSyncExternalStore } from 'react';

/** The value of an observable, now and after each change. */
export function useObservable<T>(observable: Observable<T>): T {
  const subscribe = useCallback((listener: () => void) => observable.subscribe(listener), [observable]);
  const get = useCallback(() => observable.get(), [observable]);
  return useSyncExternalStore(subscribe, get, get);
}
