import type { Schema } from '@holdfast/core';
import type { AppQuery, QueryBuilder } from '@holdfast/device';
import { type DependencyList, useMemo } from 'react';
import { liveStore } from './live-store.ts';
import { useDevice } from './use-device.ts';
import { useObservable } from './use-observable.ts';

/**
 * The rows of a query, now and after each commit that touches what it reads; `undefined` until the first
 * answer. When `deps` change it is `undefined` again: the rows of one patient never stand under the name
 * of another. A failed query throws in render, to the nearest error boundary.
 *
 * @param deps everything `build` uses from outside, as with `useMemo`
 */
export function useLive<S extends Schema, Row>(
  build: (db: QueryBuilder<S>) => AppQuery<Row>,
  deps: DependencyList,
): readonly Row[] | undefined {
  const device = useDevice<S>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller's deps say when the query is another one
  const store = useMemo(() => liveStore(device, build), [device, ...deps]);
  const state = useObservable(store);
  if (state.at === 'failed') throw state.error;
  return state.at === 'rows' ? state.rows : undefined;
}
