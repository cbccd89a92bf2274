import type { DeviceId, Scope } from '@holdfast/core';
import type { ServerStore } from '@holdfast/server';
import type { Seen } from '../shadow.ts';
import { schemaOf } from '../sim-schema.ts';

const NOBODY = '00000000-0000-7000-8000-000000000000' as DeviceId;

/** The oracle: what the server has in these scopes, read from nothing. */
export async function serverView(
  store: ServerStore,
  scopes: readonly Scope[],
  version: number,
): Promise<Map<string, Seen>> {
  const view = new Map<string, Seen>();
  const read = await store.read({
    device: NOBODY,
    scopes,
    since: null,
    collections: [...schemaOf(version).collections.keys()],
    after: null,
    limit: 1e9,
  });
  for (const row of read.rows) {
    if (row.present && row.values)
      view.set(`${row.collection}/${row.id}`, { values: row.values, version: row.version });
  }
  return view;
}
