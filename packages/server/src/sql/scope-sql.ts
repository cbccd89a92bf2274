import { type Collection, type Column, escapeOf, must, type Schema, type ScopeTemplate } from '@holdfast/core';
import { quoteName, quoteText, type SqlNames } from './sql-names.ts';

/** The longest scope that can be named on the wire; what is longer could be held by nobody. */
const MAX_SCOPE = 200;

/**
 * The scope that `row` is in by this template, or NULL: what `fillScopeTemplate` gives, in SQL. A null or
 * empty value gives none, since NULL swallows what it is joined with.
 */
export function scopeExpression(collection: Collection, template: ScopeTemplate, row: string): string {
  const parts = [quoteText(template.literals[0] ?? '')];
  for (const [index, field] of template.fields.entries()) {
    const value = (template.escapes[index] ?? []).reduce(
      (text, character) => `replace(${text}, ${quoteText(character)}, ${quoteText(escapeOf(character))})`,
      fieldAsText(collection, field, row),
    );
    parts.push(value, quoteText(template.literals[index + 1] ?? ''));
  }
  // Compared and ordered by bytes, whatever collation the columns have.
  return `(${parts.join(' || ')}) COLLATE "C"`;
}

function fieldAsText(collection: Collection, field: string, row: string): string {
  const value = `${row}.${quoteName(field)}`;
  if (field === 'id') return value;
  const column: Column = must(collection.column.get(field), `the column ${field}`);
  if (column.kind === 'text' || column.kind === 'instant') return `nullif(${value}, '')`;
  // Whatever DateStyle the session has.
  if (column.kind === 'date') return `to_char(${value}, 'YYYY-MM-DD')`;
  return `${value}::text`;
}

/**
 * The (id, name) of every scope that the records of `$1::text[]` are in, by what the tables hold now: by
 * their own templates and by those of the records they inherit from.
 */
export function scopesQuery(schema: Schema, collection: Collection, names: SqlNames): string {
  const parts: string[] = [];
  if (collection.templates.length > 0) {
    parts.push(`SELECT hf_t.id, hf_v.name FROM ${names.table(collection.name)} hf_t
      CROSS JOIN LATERAL (VALUES ${values(collection, 'hf_t')}) hf_v(name)
      WHERE hf_t.id = ANY($1) AND hf_v.name IS NOT NULL AND length(hf_v.name) <= ${MAX_SCOPE}`);
  }
  for (const { field, collection: target } of collection.inherits) {
    const parent = must(schema.collections.get(target), `the collection ${target}`);
    parts.push(`SELECT hf_t.id, hf_v.name FROM ${names.table(collection.name)} hf_t
      JOIN ${names.table(target)} hf_p ON hf_p.id = hf_t.${quoteName(field)}
      CROSS JOIN LATERAL (VALUES ${values(parent, 'hf_p')}) hf_v(name)
      WHERE hf_t.id = ANY($1) AND hf_v.name IS NOT NULL AND length(hf_v.name) <= ${MAX_SCOPE}`);
  }
  return parts.join('\n      UNION ');
}

function values(collection: Collection, row: string): string {
  return collection.templates.map((template) => `(${scopeExpression(collection, template, row)})`).join(', ');
}

/** The fields that decide which scopes a record of this collection is in, sorted; the id left out. */
export function scopeFields(collection: Collection): readonly string[] {
  const fields = new Set<string>();
  for (const template of collection.templates) for (const field of template.fields) fields.add(field);
  for (const { field } of collection.inherits) fields.add(field);
  fields.delete('id');
  return [...fields].sort();
}

/** The collections whose records take scopes from this one, with the field that leads here. */
export function childrenOf(schema: Schema, parent: string): readonly { collection: Collection; field: string }[] {
  return [...schema.collections.values()].flatMap((collection) =>
    collection.inherits.filter((each) => each.collection === parent).map(({ field }) => ({ collection, field })),
  );
}
