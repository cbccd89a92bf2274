import type { Json } from '@holdfast/core';
import type { EntryContent } from '../outbox/entry.ts';

/** A record's values, or null where there is none. */
export type Values = Readonly<Record<string, Json>> | null;

/** What a record becomes by one entry. An update or delete of what is not there changes nothing. */
export function applyContent(values: Values, content: EntryContent): Values {
  switch (content.kind) {
    case 'create':
      return Object.assign({}, ...content.set.map((change) => change.values)) as Values;
    case 'update':
      return values === null ? null : Object.assign({}, values, ...content.set.map((change) => change.values));
    case 'delete':
      return null;
    case 'restore':
      return Object.assign({}, values ?? content.last, ...content.set.map((change) => change.values));
    case 'command':
    case 'discard':
      return values;
  }
}

/** SY5: visible = confirmed + live entries in order. */
export function visibleValues(confirmed: Values, live: readonly { readonly content: EntryContent }[]): Values {
  return live.reduce<Values>((values, entry) => applyContent(values, entry.content), confirmed);
}
