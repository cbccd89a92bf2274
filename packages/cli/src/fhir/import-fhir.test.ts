import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collection, HoldfastError, inherit, ref, schema } from '@holdfast/core';
import { memoryStore, type ServerStore } from '@holdfast/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { storeSink } from '../import/store-sink.ts';
import type { FhirMapping } from './fhir-mapping.ts';
import { importFhir, type LineProblem } from './import-fhir.ts';
import { summaryTable } from './summary.ts';

const clinic = schema({
  version: 1,
  collections: {
    people: collection({ name: z.string().min(1) }, { scopes: ['everyone'] }),
    visits: collection({ personId: ref('people'), what: z.string() }, { scopes: [inherit('personId')] }),
  },
});
const mapping: FhirMapping = {
  before: [{ collection: 'people', id: 'nobody', values: { name: 'Nobody' } }],
  types: {
    Patient: (r) => [{ collection: 'people', id: String(r.id), values: { name: r.name ?? null } }],
    Encounter: (r) => [
      { collection: 'visits', id: String(r.id), values: { personId: r.subject ?? null, what: r.type ?? '' } },
    ],
  },
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-import-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (name: string, lines: readonly unknown[]) =>
  writeFile(
    join(folder, name),
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
const patient = (id: string, name = 'Ada') => ({ resourceType: 'Patient', id, name });
const encounter = (id: string, subject: string) => ({ resourceType: 'Encounter', id, subject, type: 'visit' });

async function run(store: ServerStore) {
  const problems: LineProblem[] = [];
  const order: string[] = [];
  const report = {
    progress: ({ file }: { file: string }) => void (order.at(-1) === file || order.push(file)),
    problem: (problem: LineProblem) => void problems.push(problem),
  };
  const summary = await importFhir(folder, { mapping, schema: clinic, sink: storeSink(store) }, report);
  return { summary, problems, order, counts: await store.counts() };
}

test('[SV4] resources reach the tables, what others refer to first', async () => {
  await put('Encounter.ndjson', [encounter('e-1', 'p-1'), encounter('e-2', 'p-2')]);
  await put('Patient.000.ndjson', [patient('p-1')]);
  await put('Patient.001.ndjson', [patient('p-2'), '']);
  await put('notes.txt', ['no resource']);
  const { summary, problems, order, counts } = await run(memoryStore({ schema: clinic }));
  expect(problems).toEqual([]);
  expect([...summary.imported]).toEqual([
    ['Patient', 2],
    ['Encounter', 2],
  ]);
  expect(order).toEqual(['Patient.000.ndjson', 'Patient.001.ndjson', 'Encounter.ndjson']);
  expect(counts).toEqual({ people: 3, visits: 2 });
});

test('[WR2] a broken line is named with file and line, and stops nothing else', async () => {
  await put('Patient.ndjson', [patient('p-1'), '{"resourceType":"Patient"', '', patient('p-2', ''), patient('p-3')]);
  const { summary, problems, counts } = await run(memoryStore({ schema: clinic }));
  expect(problems.map(({ file, line }) => `${file}:${line}`)).toEqual(['Patient.ndjson:2', 'Patient.ndjson:4']);
  expect(problems[0]?.what).toBe('is not JSON');
  expect(summary).toMatchObject({ broken: 2 });
  expect(counts.people).toBe(3);
});

test('a row that only the database refuses is found among its batch and named', async () => {
  const store = memoryStore({ schema: clinic });
  const picky: ServerStore = {
    ...store,
    importRows: (collection, rows) =>
      rows.some((row) => row.id === 'p-7')
        ? Promise.reject(new Error('check "seven"'))
        : store.importRows(collection, rows),
  };
  await put(
    'Patient.ndjson',
    Array.from({ length: 30 }, (_, index) => patient(`p-${index + 1}`)),
  );
  const { summary, problems, counts } = await run(picky);
  expect(problems).toEqual([{ file: 'Patient.ndjson', line: 7, what: 'was refused by the database (check "seven")' }]);
  expect(summary.imported.get('Patient')).toBe(29);
  expect(counts.people).toBe(30);
});

test('a database that takes nothing is not blamed on the lines', async () => {
  const store = memoryStore({ schema: clinic });
  const gone: ServerStore = {
    ...store,
    importRows: (_, rows) => (rows[0]?.id === 'nobody' ? Promise.resolve() : Promise.reject(new Error('gone'))),
  };
  await put(
    'Patient.ndjson',
    Array.from({ length: 30 }, (_, index) => patient(`p-${index + 1}`)),
  );
  await expect(run(gone)).rejects.toThrow('gone');
});

test('the same import again changes nothing, and the later of two lines with one id counts', async () => {
  await put('Patient.ndjson', [patient('p-1', 'Ada'), patient('p-1', 'Ada Berg')]);
  const store = memoryStore({ schema: clinic });
  await run(store);
  const { counts, summary } = await run(store);
  expect(counts.people).toBe(2);
  expect(summary.imported.get('Patient')).toBe(2);
});

test('a line separator inside a text does not cut the line', async () => {
  await put('Patient.ndjson', ['{"resourceType":"Patient","id":"p-1","name":"A\u2028B"}', patient('p-2')]);
  const { problems, counts } = await run(memoryStore({ schema: clinic }));
  expect(problems).toEqual([]);
  expect(counts.people).toBe(3);
});

test('a folder that is not there, or holds nothing to import, is one clear sentence', async () => {
  const missing = join(folder, 'nowhere');
  const sink = storeSink(memoryStore({ schema: clinic }));
  const report = { progress: () => undefined, problem: () => undefined };
  const failure = (path: string) =>
    importFhir(path, { mapping, schema: clinic, sink }, report).catch((error: unknown) => error);
  for (const path of [missing, folder]) {
    const error = await failure(path);
    expect(error).toBeInstanceOf(HoldfastError);
    expect(error).toMatchObject({ code: 'ImportFolder', message: expect.stringContaining(path) });
  }
});

test('the table at the end has a row a type, and the total', () => {
  const imported = new Map([
    ['Patient', 127],
    ['Observation', 12_262],
  ]);
  expect(summaryTable({ imported, broken: 1, ignored: ['Claim.ndjson'] })).toBe(
    [
      'Patient         127',
      'Observation  12,262',
      '───────────────────',
      'Total        12,389',
      '1 line was not imported; it is named above.',
      'Not taken in by this app: Claim.ndjson',
      '',
    ].join('\n'),
  );
});
