import { InvalidWrite, validateFields } from '@holdfast/core';
import { expect, test } from 'vitest';
import { fieldbook } from '../../schema.ts';
import { messages } from '../messages.ts';
import { changedFields } from './drafts.ts';
import { isInvalidWrite, problemsOf } from './field-problems.ts';
import { checkPatient, type PatientValues, patientRecord } from './patient-values.ts';
import { checkVisit, emptyVisit, type VisitValues, visitRecords } from './visit-values.ts';

const m = messages.problems;
const now = new Date(2026, 10, 21, 10, 30);
const ada: PatientValues = {
  name: '  Ada   Lovelace ',
  birthDate: '1984-03-09',
  sex: 'female',
  phone: ' ',
  address: '1 Lake Road',
  mentorId: 'mentor-01',
};
const visit: VisitValues = { ...emptyVisit(now), upper: '142', lower: '91', weight: '71,5' };

function fits(collection: string, values: object): boolean {
  const found = fieldbook.collections.get(collection);
  return found !== undefined && validateFields(found, null, { ...values }, 'create').ok;
}

test('[WR2] what the forms let through fits the schema', () => {
  expect(checkPatient(ada, '2026-11-21')).toEqual({});
  expect(patientRecord(ada)).toMatchObject({ name: 'Ada Lovelace', phone: null, address: '1 Lake Road' });
  expect(fits('patients', patientRecord(ada))).toBe(true);

  expect(checkVisit(visit, now)).toEqual({});
  const records = visitRecords(visit);
  expect(fits('encounters', { ...records.visit, patientId: 'p' })).toBe(true);
  expect(records.measured.map(({ value }) => value)).toEqual(['142/91 mmHg', '71.5 kg']);
  for (const each of records.measured) expect(fits('observations', { ...each, patientId: 'p' })).toBe(true);
});

test.each<[Partial<PatientValues>, Record<string, string>]>([
  [{ name: '  ' }, { name: m.name }],
  [{ birthDate: '' }, { birthDate: m.birthDate }],
  [{ birthDate: '2026-11-22' }, { birthDate: m.birthDateAhead }],
  [{ sex: '' }, { sex: m.sex }],
  [{ mentorId: '' }, { mentorId: m.mentorId }],
])('a patient with %j', (part, problems) => {
  expect(checkPatient({ ...ada, ...part }, '2026-11-21')).toEqual(problems);
});

test.each<[Partial<VisitValues>, Record<string, string>]>([
  [{ day: '' }, { day: m.start }],
  [{ time: '' }, { time: m.start }],
  [{ day: '2026-11-22' }, { day: m.startAhead }],
  [{ lower: '' }, { lower: m.bloodPressurePair }],
  [{ upper: '' }, { upper: m.bloodPressurePair }],
  [{ upper: '80', lower: '120' }, { lower: m.bloodPressureRange }],
  [{ upper: 'high' }, { upper: m.bloodPressureRange }],
  [{ upper: '142.5' }, { upper: m.bloodPressureRange }],
  [{ weight: '715' }, { weight: m.weight }],
  [{ weight: '71 kg' }, { weight: m.weight }],
  [{ upper: '', lower: '', weight: '' }, {}],
])('a visit with %j', (part, problems) => {
  expect(checkVisit({ ...visit, ...part }, now)).toEqual(problems);
});

test('[WR2] the issues of a refused write are said at their fields, in words', () => {
  const issue = (field: string) => ({ collection: 'patients', record: null, path: [field], expected: 'Invalid input' });
  const error = new InvalidWrite([issue('name'), issue('resource')]);
  expect(isInvalidWrite(error)).toBe(true);
  expect(isInvalidWrite(new Error('other'))).toBe(false);
  expect(problemsOf(error.issues)).toEqual({ name: m.name, resource: m.other });
});

test('[WR5] an edit writes what this person changed, and nothing else', () => {
  expect(changedFields(patientRecord(ada), patientRecord({ ...ada, phone: '555 0123', name: 'Ada Lovelace' }))).toEqual(
    {
      phone: '555 0123',
    },
  );
});
