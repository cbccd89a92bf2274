import type { Json } from '@holdfast/core';
import type { Effects, RecordBatch, StampedChange } from '../store/server-store.ts';

/**
 * What the triggers are told of a batch, for each record and field which stamp it carries. Handed over in
 * the statement that writes, since nothing else may be written under it.
 */
export interface ChangeContext {
  /** [stamp, tie], each once. */
  readonly s: readonly (readonly [string, string])[];
  /** Record id → field → place in `s`; the field '' is the record itself. */
  readonly r: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The authority and the user. */
  readonly a: string | null;
  readonly b: string;
}

export function changeContext(batch: RecordBatch, effects: Pick<Effects, 'by' | 'authority'>): ChangeContext {
  const stamps: [string, string][] = [];
  const places = new Map<string, number>();
  const placeOf = ({ stamp, tie }: StampedChange): number => {
    const key = `${stamp} ${tie}`;
    const place = places.get(key) ?? stamps.length;
    if (place === stamps.length) stamps.push([stamp, tie]);
    places.set(key, place);
    return place;
  };
  const records = Object.fromEntries(
    batch.rows.map(({ id, changes }) => {
      const fields: Record<string, number> = {};
      const [first] = changes;
      if (batch.kind !== 'update' && first) fields[''] = placeOf(first);
      if (batch.kind === 'delete') return [id, fields];
      for (const change of changes) for (const field of Object.keys(change.values)) fields[field] = placeOf(change);
      if (batch.kind === 'insert') {
        for (const [field, place] of Object.entries(fields)) {
          if (field !== '' && place === fields['']) delete fields[field];
        }
      }
      return [id, fields];
    }),
  );
  return { s: stamps, r: records, a: effects.authority, b: effects.by };
}

/** A row's new values, a later change over an earlier one, with its id. */
export function rowToWrite(row: RecordBatch['rows'][number]): Readonly<Record<string, Json>> {
  return Object.assign({}, ...row.changes.map((change) => change.values), { id: row.id }) as Record<string, Json>;
}
