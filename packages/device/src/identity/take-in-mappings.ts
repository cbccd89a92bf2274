import type { Schema } from '@holdfast/core';
import type { RecordMapping } from '../ports/backend.ts';
import type { WriteTx } from '../ports/storage-driver.ts';
import { addMapping, readMappings } from './id-table.ts';
import { moveRecord } from './move-record.ts';
import { moveReferences } from './move-references.ts';

/** What a set of mappings did to the store. */
export interface MappingsTaken {
  /** Collection → ids whose visible row has changed, come or gone. */
  readonly touched: ReadonlyMap<string, ReadonlySet<string>>;
  /** Of these records the server's is another one's already: they have no record there. */
  readonly contradicted: readonly RecordMapping[];
}

/**
 * ID3, ID4: notes the server ids of records that were made here, and makes one of what came under such an id
 * before. A record keeps the first server id it got, and a server id its first record, whatever a backend says.
 */
export async function takeInMappings(
  tx: WriteTx,
  schema: Schema,
  mappings: readonly RecordMapping[],
): Promise<MappingsTaken> {
  const touched = new Map<string, Set<string>>();
  const touch = (collection: string, id: string) => {
    const ids = touched.get(collection);
    if (ids) ids.add(id);
    else touched.set(collection, new Set([id]));
  };
  const fresh: RecordMapping[] = [];
  const contradicted: RecordMapping[] = [];
  for (const mapping of mappings) {
    const { collection, local, server } = mapping;
    const [mine] = await readMappings(tx, 'local', new Map([[collection, new Set([local])]]));
    if (mine !== undefined) continue;
    const [theirs] = await readMappings(tx, 'server', new Map([[collection, new Set([server])]]));
    if (theirs !== undefined) {
      contradicted.push(mapping);
      continue;
    }
    await addMapping(tx, mapping);
    await settleDoubt(tx, mapping);
    if (local !== server) fresh.push(mapping);
  }
  if (fresh.length > 0) await moveReferences(tx, schema, fresh, touch);
  for (const mapping of fresh) {
    if (!(await moveRecord(tx, schema, mapping))) continue;
    touch(mapping.collection, mapping.local);
    touch(mapping.collection, mapping.server);
  }
  return { touched, contradicted };
}

/** ID5: its create was received, then: sending it again makes nothing twice. */
async function settleDoubt(tx: WriteTx, { collection, local }: RecordMapping): Promise<void> {
  await tx.run(
    `UPDATE hf_outbox SET state = '{"at":"pending"}' WHERE collection = ? AND record = ? AND kind = 'create'
     AND json_extract(state, '$.reason') = 'maybe-sent'`,
    [collection, local],
  );
}
