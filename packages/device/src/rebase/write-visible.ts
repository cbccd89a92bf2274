import type { Collection } from '@holdfast/core';
import type { WriteTx } from '../ports/storage-driver.ts';
import { valuesToRow } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';
import type { Values } from './apply-content.ts';

/** The statement that puts a whole record into its visible table; one that stands there as it is touches no page. */
export function upsertSql(collection: Collection): string {
  const columns = collection.columns.map((column) => quote(column.name));
  const values = `VALUES (${['id', ...columns].map(() => '?').join(', ')})`;
  const insert = `INSERT INTO ${quote(collection.name)} (${['id', ...columns].join(', ')}) ${values} ON CONFLICT (id) DO`;
  if (columns.length === 0) return `${insert} NOTHING`;
  const sets = columns.map((name) => `${name} = excluded.${name}`);
  const differs = columns.map((name) => `${name} IS NOT excluded.${name}`);
  return `${insert} UPDATE SET ${sets.join(', ')} WHERE ${differs.join(' OR ')}`;
}

/** Makes what queries see of a record what it has become; null takes it away. */
export async function writeVisible(tx: WriteTx, collection: Collection, id: string, values: Values): Promise<void> {
  if (values === null) await tx.run(`DELETE FROM ${quote(collection.name)} WHERE id = ?`, [id]);
  else await tx.run(upsertSql(collection), valuesToRow(collection, id, values));
}
