import type { JsonObject, Schema, Version } from '@holdfast/core';
import type { RecordAddress } from '../outbox/outbox-store.ts';
import type { ReadTx } from '../ports/storage-driver.ts';

/** What the server last said of a record. */
export interface Confirmed {
  readonly version: Version;
  readonly values: JsonObject;
}

/** Of a record with outbox entries; null where the server is not known to have it. */
export async function readConfirmed(
  tx: ReadTx,
  schema: Schema,
  { collection, record }: RecordAddress,
): Promise<Confirmed | null> {
  if (!schema.collections.has(collection)) return null;
  const [head] = await tx.all('SELECT version FROM hf_record WHERE collection = ? AND id = ?', [collection, record]);
  const [copy] = await tx.all('SELECT fields FROM hf_confirmed WHERE collection = ? AND id = ?', [collection, record]);
  if (head === undefined || copy === undefined) return null;
  return { version: head.version as Version, values: JSON.parse(copy.fields as string) as JsonObject };
}
