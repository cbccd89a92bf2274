import type { Collection } from '@holdfast/core';
import type { WriteTx } from '../ports/storage-driver.ts';
import { valuesToRow } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';
import type { Values } from './apply-content.ts';

/** The statement that puts a whole record into its visible table. */
export function upsertSql(collection: Collection): string {
  const names = ['id', ...collection.columns.map((column) => column.name)];
  return `INSERT OR REPLACE INTO ${quote(collection.name)} (${names.map(quote).join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
}

/** Makes what queries see of a record what it has become; null takes it away. */
export async function writeVisible(tx: WriteTx, collection: Collection, id: string, values: Values): Promise<void> {
  if (values === null) await tx.run(`DELETE FROM ${quote(collection.name)} WHERE id = ?`, [id]);
  else await tx.run(upsertSql(collection), valuesToRow(collection, id, values));
}
