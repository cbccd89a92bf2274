import { fileURLToPath } from 'node:url';
import { importFhir, storeSink } from '@holdfast/cli';
import { memoryStore } from '@holdfast/server';
import { expect, test } from 'vitest';
import { fhirMapping } from './fhir-mapping.ts';
import { fieldbook } from './schema.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = `${process.env.HOLDFAST_DATA ?? `${root}../shared/data`}/synthea-fhir-r4`;

test('[SV4] a whole programme is imported: 127 patients, 19,774 resources, and the mentors who visit them', async () => {
  const store = memoryStore({ schema: fieldbook });
  const problems: unknown[] = [];
  const report = { progress: () => undefined, problem: (problem: unknown) => void problems.push(problem) };
  const to = { mapping: fhirMapping, schema: fieldbook, sink: storeSink(store) };
  const { imported, broken } = await importFhir(folder, to, report);
  expect(problems).toEqual([]);
  expect(broken).toBe(0);
  expect([...imported.values()].reduce((sum, count) => sum + count, 0)).toBe(19_774);
  expect(await store.counts()).toEqual({
    mentors: 12,
    practitioners: 71,
    organizations: 71,
    patients: 127,
    encounters: 2292,
    conditions: 708,
    allergyIntolerances: 67,
    medicationRequests: 474,
    immunizations: 1566,
    carePlans: 258,
    goals: 145,
    observations: 12_262,
    procedures: 991,
    diagnosticReports: 705,
    imagingStudies: 37,
  });
});
