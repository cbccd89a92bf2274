/** The outbox as lanes: what belongs to one patient stands together, in the order it was written. */
import type { OutboxEntry } from '@holdfast/device';

export interface Lane {
  /** The patient; null for what belongs to none. */
  readonly patientId: string | null;
  readonly entries: readonly OutboxEntry[];
}

/** @param patientOf the patient a record belongs to, by `collection/id`; the record itself where it is one */
export function lanesOf(entries: readonly OutboxEntry[], patientOf: ReadonlyMap<string, string>): readonly Lane[] {
  const lanes = new Map<string | null, OutboxEntry[]>();
  for (const entry of entries) {
    const { collection, record } = entry;
    const patientId = collection === 'patients' ? record : (patientOf.get(`${collection}/${record}`) ?? null);
    lanes.set(patientId, [...(lanes.get(patientId) ?? []), entry]);
  }
  return [...lanes].map(([patientId, inLane]) => ({ patientId, entries: inLane }));
}
