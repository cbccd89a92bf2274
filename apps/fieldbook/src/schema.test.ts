import { expect, expectTypeOf, test } from 'vitest';
import { type FieldbookTables, fieldbook } from './schema.ts';

const inheriting = [...fieldbook.collections.values()].filter((each) => each.inherits.length > 0);

test('[SV5] everything about a patient is seen by whoever may see the patient, and by nobody else', () => {
  const patients = fieldbook.collections.get('patients');
  expect(patients?.templates.map((each) => each.text)).toEqual(['mentor:{mentorId}', 'programme']);
  expect(inheriting).toHaveLength(11);
  for (const each of inheriting) {
    expect(each.inherits).toEqual([{ field: 'patientId', collection: 'patients' }]);
    expect(each.templates).toEqual([]);
  }
});

test('[CF3 CF7] what makes up a dose is one group, and a person settles it', () => {
  const prescriptions = fieldbook.collections.get('medicationRequests');
  expect(prescriptions?.conflict).toEqual({ kind: 'manual' });
  expect(prescriptions?.groupOf.get('dose')).toEqual(['code', 'display', 'dose', 'doseUnit', 'timesPerDay']);
});

test('[OB2] a visit waits for its patient, and what was measured for both', () => {
  expect(fieldbook.collections.get('encounters')?.referring).toEqual(['patientId']);
  expect(fieldbook.collections.get('observations')?.referring).toEqual(['patientId', 'encounterId']);
});

test('dates and moments stay text in rows', () => {
  expectTypeOf<FieldbookTables['patients']['birthDate']>().toEqualTypeOf<string>();
  expectTypeOf<FieldbookTables['observations']['at']>().toEqualTypeOf<string | null>();
  expect(fieldbook.collections.get('encounters')?.column.get('start')?.kind).toBe('instant');
});
