import type { Scope } from '../ids/ids.ts';
import type { Json } from '../value/json.ts';
import type { Collection, Schema } from './schema.ts';
import { fillScopeTemplate } from './scope-template.ts';

type Values = Readonly<Record<string, Json>>;

/**
 * Every scope a record with these values is in, sorted. `parent` finds the values of a record that
 * scopes are inherited from; a parent that is missing or deleted gives none.
 */
export function scopesOf(
  schema: Schema,
  collection: Collection,
  id: string,
  values: Values,
  parent: (collection: string, id: string) => Values | null,
): Scope[] {
  const scopes = new Set<Scope>();
  const all = { ...values, id };
  for (const template of collection.templates) {
    const scope = fillScopeTemplate(template, all);
    if (scope !== null) scopes.add(scope);
  }
  for (const { field, collection: target } of collection.inherits) {
    const parentId = values[field];
    const from = schema.collections.get(target);
    if (typeof parentId !== 'string' || !from) continue;
    const parentValues = parent(target, parentId);
    if (parentValues === null) continue;
    for (const template of from.templates) {
      const scope = fillScopeTemplate(template, { ...parentValues, id: parentId });
      if (scope !== null) scopes.add(scope);
    }
  }
  return [...scopes].sort();
}
