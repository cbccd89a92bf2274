import type { JsonObject, Schema } from '@holdfast/core';
import type { RecordAddress } from '../outbox/outbox-store.ts';
import type { StorageDriver } from '../ports/storage-driver.ts';
import { rowToValues } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';

/** A record as queries see it; null where it is not shown here. */
export async function readVisible(
  storage: StorageDriver,
  schema: Schema,
  { collection, record }: RecordAddress,
): Promise<JsonObject | null> {
  const known = schema.collections.get(collection);
  if (known === undefined) return null;
  const [row] = await storage.read((tx) => tx.all(`SELECT * FROM ${quote(collection)} WHERE id = ?`, [record]));
  return row === undefined ? null : rowToValues(known, row);
}
