import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isJsonObject, type JsonObject, RECORD_ID_PATTERN, validateFields } from '@holdfast/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { fhirMapping } from './fhir-mapping.ts';
import { mentors } from './people.ts';
import { fieldbook } from './schema.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = `${process.env.HOLDFAST_DATA ?? `${root}../shared/data`}/synthea-fhir-r4`;

const map = (resource: JsonObject) => {
  const [row, ...more] = fhirMapping.types[String(resource.resourceType)]?.(resource) ?? [];
  expect(more).toEqual([]);
  const found = fieldbook.collections.get(row?.collection ?? '');
  if (row === undefined || found === undefined) return [`${String(resource.resourceType)} is not mapped`];
  const checked = validateFields(found, row.id, row.values, 'create');
  const id = RECORD_ID_PATTERN.test(row.id) ? [] : [`${row.id} is no id`];
  return checked.ok
    ? id
    : [...id, ...checked.issues.map((issue) => `${row.collection}/${row.id} ${issue.path.join('.')}`)];
};

describe(`19,774 resources in ${folder}`, () => {
  const byType = new Map<string, JsonObject[]>();
  beforeAll(() => {
    // Without the data nothing here could fail. Set HOLDFAST_DATA to the folder that holds it.
    expect(existsSync(folder), `${folder} is there`).toBe(true);
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.ndjson'))) {
      const lines = readFileSync(`${folder}/${name}`, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
      byType.set(name.replace('.ndjson', ''), lines.map((line) => JSON.parse(line)).filter(isJsonObject));
    }
  });

  test('[WR2] every one becomes a row that fits the schema', () => {
    const all = [...byType.values()].flat();
    expect(all.flatMap(map)).toEqual([]);
    expect(all).toHaveLength(19_774);
  });

  test('[OB2] every reference leads to a row, and what is referred to is imported first', () => {
    const order = Object.keys(fhirMapping.types);
    expect([...byType.keys()].sort()).toEqual([...order].sort());
    const there = new Set(fhirMapping.before.map((row) => `${row.collection}/${row.id}`));
    const dangling: string[] = [];
    for (const type of order) {
      const rows = (byType.get(type) ?? []).flatMap((resource) => fhirMapping.types[type]?.(resource) ?? []);
      for (const { collection, id } of rows) there.add(`${collection}/${id}`);
      for (const { id, values } of rows) {
        const { patientId, encounterId, mentorId } = values;
        if (patientId !== undefined && !there.has(`patients/${String(patientId)}`)) dangling.push(`${id} patient`);
        if (mentorId !== undefined && !there.has(`mentors/${String(mentorId)}`)) dangling.push(`${id} mentor`);
        if (typeof encounterId === 'string' && !there.has(`encounters/${encounterId}`)) dangling.push(`${id} visit`);
      }
    }
    expect(dangling).toEqual([]);
  });

  test('every mentor gets patients', () => {
    const patients = (byType.get('Patient') ?? []).flatMap((resource) => fhirMapping.types.Patient?.(resource) ?? []);
    const caring = new Set(patients.map((row) => row.values.mentorId));
    expect(caring.size).toBe(mentors.length);
  });

  test('what people look for is read out of the resource', () => {
    const rows = (type: string) => (byType.get(type) ?? []).flatMap((each) => fhirMapping.types[type]?.(each) ?? []);
    const pressures = rows('Observation').filter((row) => row.values.code === '55284-4');
    expect(pressures).toHaveLength(1187);
    expect(pressures.filter((row) => !/^\d{2,3}\/\d{2,3} mmHg$/.test(String(row.values.value)))).toEqual([]);
    expect(rows('Observation').filter((row) => row.values.value === null)).toEqual([]);
    expect(rows('Encounter').filter((row) => row.values.reason !== null)).toHaveLength(737);
    const dosed = rows('MedicationRequest').filter((row) => row.values.dose !== null);
    expect(dosed).toHaveLength(50);
    expect(rows('Patient').filter((row) => row.values.phone === null || row.values.address === null)).toEqual([]);
  });
});

test('an amount is never read out of the name of a drug', () => {
  const [row] =
    fhirMapping.types.MedicationRequest?.({
      resourceType: 'MedicationRequest',
      id: 'm-1',
      medicationCodeableConcept: { text: 'Acetaminophen 325 MG Oral Tablet' },
      subject: { reference: 'https://clinic.example/fhir/Patient/p-1' },
    }) ?? [];
  expect(row?.values).toMatchObject({ patientId: 'p-1', dose: null, doseUnit: null, timesPerDay: null });
});

test('[RB5] a moment keeps the offset it was written with, and a date alone stays on its day', () => {
  const at = (authoredOn: string) =>
    fhirMapping.types.MedicationRequest?.({ resourceType: 'MedicationRequest', id: 'm', authoredOn })[0]?.values.at;
  expect(at('2026-03-01T23:30:00+03:00')).toBe('2026-03-01T23:30:00+03:00');
  expect(at('2026-03-01')).toBe('2026-03-01T12:00:00Z');
  expect(at('2026')).toBeNull();
});
