import type { Schema } from '@holdfast/core';
import { readAudit } from '../audit/audit-store.ts';
import { readOverridden } from '../audit/overridden-store.ts';
import { readConflicts } from '../bay/conflicts.ts';
import { appendExported, exportEntries } from '../bay/export-entries.ts';
import type { StorageDriver } from '../ports/storage-driver.ts';
import { verify } from '../rebase/verify.ts';
import type { Look, Looked } from './engine.ts';

/** Answers what an app asks besides the records. An export is itself noted (OB10). */
export async function look<Q extends Look>(
  storage: StorageDriver,
  schema: Schema,
  nowMs: number,
  query: Q,
): Promise<Looked<Q>> {
  return (await answer(storage, schema, nowMs, query)) as Looked<Q>;
}

function answer(storage: StorageDriver, schema: Schema, nowMs: number, query: Look): Promise<Looked<Look>> {
  switch (query.about) {
    case 'conflicts':
      return storage.read((tx) => readConflicts(tx, schema));
    case 'audit':
      return storage.read((tx) => readAudit(tx, query.filter));
    case 'overridden':
      return storage.read(readOverridden);
    case 'verify':
      return storage.read((tx) => verify(tx, schema));
    case 'export':
      return storage.write(async (tx) => {
        const text = await exportEntries(tx, query.ids);
        await appendExported(tx, query.ids, nowMs);
        return text;
      });
  }
}
