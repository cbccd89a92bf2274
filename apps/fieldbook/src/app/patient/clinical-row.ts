/** What the patient page reads of an entry about a patient. The imported resource stays in the store. */
export interface ClinicalRow {
  readonly id: string;
  readonly encounterId: string | null;
  readonly display: string;
  readonly code: string | null;
  readonly status: string | null;
  readonly at: string | null;
  readonly value: string | null;
}

export interface PrescriptionRow extends ClinicalRow {
  readonly dose: number | null;
  readonly doseUnit: string | null;
  readonly timesPerDay: number | null;
}

export interface VisitRow {
  readonly id: string;
  readonly start: string;
  readonly kind: string;
  readonly reason: string | null;
  readonly note: string | null;
  readonly status: string;
}

export const CLINICAL_COLUMNS = ['id', 'encounterId', 'display', 'code', 'status', 'at', 'value'] as const;

const NOT_TRUE = new Set(['entered-in-error', 'cancelled', 'not-done']);

/** Whether an entry counts: written in error, or cancelled, it is no fact about the patient. */
export function counts(row: { readonly status: string | null }): boolean {
  return row.status === null || !NOT_TRUE.has(row.status);
}

const OVER = new Set([
  ...NOT_TRUE,
  'inactive',
  'resolved',
  'remission',
  'stopped',
  'completed',
  'draft',
  'ended',
  'unknown',
]);

/** Whether it is so now: an illness not over, a drug still taken. */
export function isCurrent(row: { readonly status: string | null }): boolean {
  return row.status === null || !OVER.has(row.status);
}
