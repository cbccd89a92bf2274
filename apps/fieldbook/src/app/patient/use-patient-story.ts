import { useLive } from '../hooks.ts';
import { CLINICAL_COLUMNS, type ClinicalRow, type PrescriptionRow, type VisitRow } from './clinical-row.ts';

export interface PatientStory {
  readonly encounters: readonly VisitRow[];
  readonly observations: readonly ClinicalRow[];
  readonly conditions: readonly ClinicalRow[];
  readonly medicationRequests: readonly PrescriptionRow[];
  readonly allergyIntolerances: readonly ClinicalRow[];
  readonly immunizations: readonly ClinicalRow[];
  readonly procedures: readonly ClinicalRow[];
}

/** All that is shown about a patient; undefined until every part has been read, so that none is missed unseen. */
export function usePatientStory(patientId: string): PatientStory | undefined {
  const encounters = useLive(
    (db) =>
      db
        .selectFrom('encounters')
        .select(['id', 'start', 'kind', 'reason', 'note', 'status'])
        .where('patientId', '=', patientId),
    [patientId],
  );
  const medicationRequests = useLive(
    (db) =>
      db
        .selectFrom('medicationRequests')
        .select([...CLINICAL_COLUMNS, 'dose', 'doseUnit', 'timesPerDay'])
        .where('patientId', '=', patientId)
        .orderBy('display'),
    [patientId],
  );
  const observations = useClinical('observations', patientId);
  const conditions = useClinical('conditions', patientId);
  const allergyIntolerances = useClinical('allergyIntolerances', patientId);
  const immunizations = useClinical('immunizations', patientId);
  const procedures = useClinical('procedures', patientId);
  if (!encounters || !observations || !conditions || !medicationRequests) return undefined;
  if (!allergyIntolerances || !immunizations || !procedures) return undefined;
  return {
    encounters,
    observations,
    conditions,
    medicationRequests,
    allergyIntolerances,
    immunizations,
    procedures,
  };
}

type Clinical = 'observations' | 'conditions' | 'allergyIntolerances' | 'immunizations' | 'procedures';

function useClinical(collection: Clinical, patientId: string): readonly ClinicalRow[] | undefined {
  return useLive(
    (db) => db.selectFrom(collection).select(CLINICAL_COLUMNS).where('patientId', '=', patientId).orderBy('display'),
    [collection, patientId],
  );
}
