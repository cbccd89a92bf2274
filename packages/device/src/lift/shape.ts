import type { Column, Schema } from '@holdfast/core';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/** Of each collection of a store, what kind of value each field holds: SQLite alone does not tell. */
export type Shape = Readonly<Record<string, Readonly<Record<string, Column['kind']>>>>;

/** Null for a store that was made before this was kept. */
export async function readShape(tx: ReadTx): Promise<Shape | null> {
  const tables = await tx.all(`SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'hf_shape'`);
  if (tables.length === 0) return null;
  const [row] = await tx.all('SELECT shape FROM hf_shape');
  return row === undefined ? null : (JSON.parse(row.shape as string) as Shape);
}

export async function writeShape(tx: WriteTx, schema: Schema): Promise<void> {
  const shape = Object.fromEntries(
    [...schema.collections.values()].map(({ name, columns }) => [
      name,
      Object.fromEntries(columns.map((column) => [column.name, column.kind])),
    ]),
  );
  await tx.run('INSERT OR REPLACE INTO hf_shape (one, shape) VALUES (1, ?)', [JSON.stringify(shape)]);
}
