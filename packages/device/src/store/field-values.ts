import type { Collection, Column, Json } from '@holdfast/core';
import type { SqlRow, SqlValue } from '../ports/storage-driver.ts';

/** A field's value as SQLite keeps it. */
export function toSql(column: Column, value: Json | undefined): SqlValue {
  if (value === null || value === undefined) return null;
  if (column.kind === 'json') return JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'object') return JSON.stringify(value);
  return value;
}

/** The value back, in the type the schema declares. */
export function fromSql(kind: Column['kind'], value: SqlValue | undefined): Json {
  if (value === null || value === undefined || value instanceof Uint8Array) return null;
  if (kind === 'boolean') return value === 1;
  if (kind === 'json' && typeof value === 'string') return JSON.parse(value) as Json;
  return value;
}

/** A record's values from its row of the visible table. */
export function rowToValues(collection: Collection, row: SqlRow): Record<string, Json> {
  return Object.fromEntries(collection.columns.map(({ name, kind }) => [name, fromSql(kind, row[name])]));
}

/** The columns of a visible row, in the schema's order, the id first. */
export function valuesToRow(collection: Collection, id: string, values: Readonly<Record<string, Json>>): SqlValue[] {
  return [id, ...collection.columns.map((column) => toSql(column, values[column.name]))];
}
