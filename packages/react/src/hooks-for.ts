import type { Schema, Tables } from '@holdfast/core';
import type { AppQuery, Device, QueryBuilder } from '@holdfast/device';
import type { DependencyList } from 'react';
import { useDevice } from './use-device.ts';
import { useLive } from './use-live.ts';
import { useRecord } from './use-record.ts';
import { useWrite } from './use-write.ts';

/** The hooks that know an app's schema, so that no call has to name its types. */
export interface SchemaHooks<S extends Schema> {
  useDevice(): Device<S>;
  useWrite(): Device<S>['write'];
  useLive<Row>(build: (db: QueryBuilder<S>) => AppQuery<Row>, deps: DependencyList): readonly Row[] | undefined;
  useRecord<N extends keyof Tables<S> & string>(collection: N, id: string): Tables<S>[N] | null | undefined;
}

/**
 * The hooks, typed for one schema. The schema is asked for its type alone.
 *
 * ```ts
 * export const { useLive, useRecord, useWrite } = hooksFor(fieldbook);
 * ```
 */
export function hooksFor<S extends Schema>(_schema: S): SchemaHooks<S> {
  return { useDevice, useWrite, useLive, useRecord };
}
