/**
 * Fieldbook's data: peer mentors, the patients they visit, and what is written down about them. The
 * device, the server and the command line all run this one file.
 */
import { collection, type Fields, inherit, lastWriteWins, manual, ref, schema, type Tables } from '@holdfast/core';
import * as z from 'zod';

/** A moment as it was written down, offset included; never a `Date`. */
const instant = z.iso.datetime({ offset: true });
// Longer than anybody's, short enough that a slip of the hand is noticed.
const line = z.string().min(1).max(300);
const text = z.string().max(5_000);
/** The FHIR resource a record was imported from, whole; null for what was written in the app. */
const resource = z.record(z.string(), z.unknown()).nullable();

const CLINICAL_FIELDS = {
  patientId: ref('patients'),
  encounterId: ref('encounters').nullable(),
  /** What a person reads: the name of the drug, the finding, the plan. */
  display: line,
  code: z.string().nullable(),
  status: z.string().nullable(),
  at: instant.nullable(),
  /** As a person writes it, unit included: `124/83 mmHg`, `71.5 kg`. */
  value: z.string().nullable(),
  resource,
};

/** A collection of things known about a patient: seen by whoever may see the patient. */
function clinical<const F extends Fields>(priority: number, extra: F) {
  return collection(
    { ...CLINICAL_FIELDS, ...extra },
    {
      scopes: [inherit('patientId')],
      conflict: lastWriteWins({ authority: ['coordinator', 'mentor'] }),
      priority,
      indexes: [['patientId', 'at'], ['encounterId']],
    },
  );
}

export const fieldbook = schema({
  version: 1,
  collections: {
    mentors: collection(
      { name: line, area: line },
      { scopes: ['everyone'], writers: ['coordinator'], priority: 1, indexes: [['name']] },
    ),
    patients: collection(
      {
        name: line,
        birthDate: z.iso.date(),
        sex: z.enum(['female', 'male', 'other', 'unknown']),
        phone: z.string().max(60).nullable(),
        address: z.string().max(500).nullable(),
        mentorId: ref('mentors'),
        resource,
      },
      {
        scopes: ['mentor:{mentorId}', 'programme'],
        conflict: lastWriteWins({ authority: ['coordinator', 'mentor'] }),
        priority: 2,
        indexes: [['mentorId', 'name'], ['name']],
      },
    ),
    encounters: collection(
      {
        patientId: ref('patients'),
        start: instant,
        kind: line,
        reason: text.nullable(),
        note: text.nullable(),
        status: z.enum([
          'planned',
          'arrived',
          'triaged',
          'in-progress',
          'onleave',
          'finished',
          'cancelled',
          'entered-in-error',
          'unknown',
        ]),
        resource,
      },
      {
        scopes: [inherit('patientId')],
        conflict: lastWriteWins({ authority: ['coordinator', 'mentor'] }),
        priority: 3,
        indexes: [['patientId', 'start'], ['start']],
      },
    ),
    // A dose is never settled by a clock: two people who disagree about it have to talk (CF7), and what
    // makes up a dose wins or loses as one (CF3).
    medicationRequests: collection(
      {
        ...CLINICAL_FIELDS,
        dose: z.number().positive().nullable(),
        doseUnit: z.string().nullable(),
        timesPerDay: z.number().positive().nullable(),
      },
      {
        scopes: [inherit('patientId')],
        conflict: manual(),
        groups: [['display', 'code', 'dose', 'doseUnit', 'timesPerDay']],
        priority: 1,
        indexes: [['patientId', 'at'], ['encounterId']],
      },
    ),
    allergyIntolerances: clinical(1, {}),
    conditions: clinical(3, {}),
    carePlans: clinical(4, {}),
    goals: clinical(4, {}),
    immunizations: clinical(4, {}),
    observations: clinical(5, {}),
    procedures: clinical(5, {}),
    diagnosticReports: clinical(6, {}),
    imagingStudies: clinical(6, {}),
    organizations: collection(
      { name: line, phone: z.string().nullable(), address: z.string().nullable(), resource },
      { scopes: ['everyone'], writers: ['coordinator'], priority: 7, indexes: [['name']] },
    ),
    practitioners: collection(
      { name: line, address: z.string().nullable(), resource },
      { scopes: ['everyone'], writers: ['coordinator'], priority: 7, indexes: [['name']] },
    ),
  },
});

export type FieldbookSchema = typeof fieldbook;
export type FieldbookTables = Tables<FieldbookSchema>;
