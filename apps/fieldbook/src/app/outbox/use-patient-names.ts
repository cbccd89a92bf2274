import type { OutboxEntry } from '@holdfast/device';
import { useLive } from '../hooks.ts';

/** Which patient each entry's record belongs to, and what the patients are called. */
export function usePatientsOf(entries: readonly OutboxEntry[]) {
  const visits = usePatientIds('encounters', entries);
  const observations = usePatientIds('observations', entries);
  const patientOf = new Map([...visits, ...observations]);
  const ids = [...new Set([...patientOf.values(), ...recordsIn('patients', entries)])].sort();
  const names = useLive(
    (db) => db.selectFrom('patients').select(['id', 'name']).where('id', 'in', ids),
    [ids.join(' ')],
  );
  return { patientOf, nameOf: new Map(names?.map(({ id, name }) => [id, name])) };
}

function usePatientIds(collection: 'encounters' | 'observations', entries: readonly OutboxEntry[]) {
  const ids = recordsIn(collection, entries);
  const rows = useLive(
    (db) => db.selectFrom(collection).select(['id', 'patientId']).where('id', 'in', ids),
    [collection, ids.join(' ')],
  );
  return (rows ?? []).map(({ id, patientId }) => [`${collection}/${id}`, patientId] as const);
}

function recordsIn(collection: string, entries: readonly OutboxEntry[]): string[] {
  return [...new Set(entries.filter((each) => each.collection === collection).map(({ record }) => record))].sort();
}
