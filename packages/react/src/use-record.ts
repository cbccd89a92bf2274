import type { Schema, Tables } from '@holdfast/core';
import type { AppQuery, QueryBuilder } from '@holdfast/device';
import { useLive } from './use-live.ts';

type Name<S> = keyof Tables<S> & string;

/** One record as it changes; `undefined` until it has been read, null where there is none. */
export function useRecord<S extends Schema, N extends Name<S>>(
  collection: N,
  id: string,
): Tables<S>[N] | null | undefined {
  const rows = useLive<S, Tables<S>[N]>((db) => recordQuery(db, collection, id), [collection, id]);
  return rows === undefined ? undefined : (rows[0] ?? null);
}

function recordQuery<S extends Schema, N extends Name<S>>(
  db: QueryBuilder<S>,
  collection: N,
  id: string,
): AppQuery<Tables<S>[N]> {
  // Kysely cannot follow a table name that is still a type parameter; every table has an `id`.
  const anyTable = db as unknown as QueryBuilder<Schema>;
  return anyTable.selectFrom(collection).selectAll().where('id', '=', id) as unknown as AppQuery<Tables<S>[N]>;
}
