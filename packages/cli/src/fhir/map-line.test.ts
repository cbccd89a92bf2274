import { collection, schema } from '@holdfast/core';
import { expect, test } from 'vitest';
import * as z from 'zod';
import type { FhirMapping } from './fhir-mapping.ts';
import { mapLine } from './map-line.ts';

const clinic = schema({
  version: 1,
  collections: { people: collection({ name: z.string().min(1) }, { scopes: ['everyone'] }) },
});
const mapping: FhirMapping = {
  before: [],
  types: { Patient: (r) => [{ collection: 'people', id: String(r.id), values: { name: r.name ?? null } }] },
};
const map = (line: string | Uint8Array) =>
  mapLine(typeof line === 'string' ? new TextEncoder().encode(line) : line, mapping, clinic);

test('[WR2] a resource becomes rows in the form in which they are stored', () => {
  // The name in two code points comes out in one: text is stored in NFC.
  expect(map('{"resourceType":"Patient","id":"p-1","name":"Zoe\\u0308"}')).toEqual({
    ok: true,
    value: [{ collection: 'people', id: 'p-1', values: { name: 'Zoë' } }],
  });
});

test.each([
  ['{"resourceType":"Patient"', 'is not JSON'],
  ['[1]', 'is not a JSON object'],
  ['{"id":"p-1"}', 'has no resourceType'],
  ['{"resourceType":"Claim","id":"c-1"}', 'holds a Claim, which the app does not take in'],
  ['{"resourceType":"constructor","id":"c-1"}', 'holds a constructor, which the app does not take in'],
  ['{"resourceType":"Patient","id":"../etc","name":"A"}', 'has no usable id'],
  ['{"resourceType":"Patient","id":"a","id":"b","name":"A"}', 'has a key twice in one object'],
  ['{"resourceType":"Patient","id":"a","__proto__":{}}', 'has a reserved key'],
  [`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`, 'is nested too deep'],
])('[WR2] %s: it says why', (line, what) => {
  expect(map(line)).toEqual({ ok: false, error: what });
});

test('[WR2] the bad field is named', () => {
  const mapped = map('{"resourceType":"Patient","id":"p-1"}');
  expect(mapped.ok ? '' : mapped.error).toMatch(/^does not fit people \(name: .+\)$/);
});

test('bytes that are not UTF-8 are not guessed at', () => {
  expect(map(Uint8Array.of(0x7b, 0xff, 0x7d))).toEqual({ ok: false, error: 'is not UTF-8 text' });
});
