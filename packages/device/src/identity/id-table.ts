import type { IdLookup } from '@holdfast/core';
import type { RecordMapping } from '../ports/backend.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/** Collection → ids. */
export type Ids = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Carries out a translation with the ids that `hf_ids` knows. It runs twice: the first run only notes which ids
 * it asks for, so that they are read at once, however many there are.
 */
export async function withIds<T>(
  tx: ReadTx,
  direction: 'to-server' | 'to-local',
  translate: (lookup: IdLookup) => T,
): Promise<T> {
  const asked = new Map<string, Set<string>>();
  const untranslated = translate((collection, record) => {
    const ids = asked.get(collection);
    if (ids) ids.add(record);
    else asked.set(collection, new Set([record]));
    return record;
  });
  const known = await readMappings(tx, direction === 'to-server' ? 'local' : 'server', asked);
  if (known.length === 0) return untranslated;
  return translate(lookupOf(known, direction));
}

/** What these mappings make of an id. */
export function lookupOf(mappings: readonly RecordMapping[], direction: 'to-server' | 'to-local'): IdLookup {
  const [from, to] = direction === 'to-server' ? (['local', 'server'] as const) : (['server', 'local'] as const);
  const ids = new Map<string, Map<string, string>>();
  for (const mapping of mappings) {
    const own = ids.get(mapping.collection) ?? new Map<string, string>();
    ids.set(mapping.collection, own.set(mapping[from], mapping[to]));
  }
  return (collection, record) => ids.get(collection)?.get(record) ?? record;
}

/** The mappings of these ids, which are of the given side. */
export async function readMappings(tx: ReadTx, side: 'local' | 'server', ids: Ids): Promise<RecordMapping[]> {
  const found: RecordMapping[] = [];
  for (const [collection, records] of ids) {
    const rows = await tx.all(
      `SELECT local, server FROM hf_ids WHERE collection = ? AND ${side} IN (SELECT value FROM json_each(?))`,
      [collection, JSON.stringify([...records])],
    );
    for (const row of rows) found.push({ collection, local: row.local as string, server: row.server as string });
  }
  return found;
}

export async function addMapping(tx: WriteTx, { collection, local, server }: RecordMapping): Promise<void> {
  await tx.run('INSERT INTO hf_ids (collection, local, server) VALUES (?, ?, ?)', [collection, local, server]);
}
