import type { Collection, Column, ColumnKind } from '@holdfast/core';

/** Quotes an identifier. Names come from the checked schema or from us, never from a request (hazard H7). */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text as a literal. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** Quotes a function's body, or a statement inside it, under a tag that does not occur in it. */
export function dollarQuote(text: string): string {
  let tag = '$hf$';
  for (let depth = 1; text.includes(tag); depth += 1) tag = `$hf${depth}$`;
  return `${tag}${text}${tag}`;
}

/** Where the tables are: every statement names them with their schema, so no search_path can lead astray. */
export interface SqlNames {
  /** The Postgres schema, quoted. */
  readonly schema: string;
  /** On which `NOTIFY` tells of news. */
  readonly channel: string;
  /** A table or function of ours, such as `hf('record')`. */
  hf(name: string): string;
  table(collection: string): string;
}

export function sqlNames(pgSchema: string): SqlNames {
  const schema = quoteName(pgSchema);
  return {
    schema,
    channel: `hf_${pgSchema}`,
    hf: (name) => `${schema}.${quoteName(`hf_${name}`)}`,
    table: (collection) => `${schema}.${quoteName(collection)}`,
  };
}

const TYPES: Record<ColumnKind, string> = {
  text: 'text',
  integer: 'bigint',
  real: 'double precision',
  boolean: 'boolean',
  date: 'date',
  instant: 'text',
  json: 'jsonb',
};

export function sqlType(column: Column): string {
  return TYPES[column.kind];
}

/** `id text, "name" text, …`: the record of a row that travels as JSON. */
export function recordShape(columns: readonly Column[]): string {
  return ['id text', ...columns.map((column) => `${quoteName(column.name)} ${sqlType(column)}`)].join(', ');
}

/** All values of a row as one JSON object, in the form in which they travel; `row` is an alias. */
export function rowAsJson(collection: Collection, row: string, to: 'to_json' | 'to_jsonb'): string {
  const fields = collection.columns.map((column) => {
    const name = quoteName(column.name);
    const value = `${row}.${name}`;
    // JSON has no such numbers, and one of them must not stop a whole page.
    if (column.kind === 'real') {
      return `nullif(nullif(nullif(${value}, 'NaN'), 'Infinity'), '-Infinity') AS ${name}`;
    }
    // jsonb null and SQL NULL are both null on the wire.
    return `${value} AS ${name}`;
  });
  return `(SELECT ${to}(hf_x) FROM (SELECT ${fields.join(', ')}) hf_x)`;
}
