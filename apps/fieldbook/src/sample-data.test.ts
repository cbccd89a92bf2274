import { validateFields } from '@holdfast/core';
import { expect, test } from 'vitest';
import { mentors, people } from './people.ts';
import { sampleData } from './sample-data.ts';
import { fieldbook } from './schema.ts';

const TODAY = Date.UTC(2026, 2, 14, 9);
const rows = [...sampleData(TODAY)];

test('[WR2] every sample row fits the schema', () => {
  const issues = rows.flatMap(({ collection, id, values }) => {
    const found = fieldbook.collections.get(collection);
    if (!found) return [`${collection} is not a collection`];
    const checked = validateFields(found, id, values, 'create');
    return checked.ok
      ? []
      : checked.issues.map((issue) => `${collection}/${id} ${issue.path.join('.')}: ${issue.expected}`);
  });
  expect(issues).toEqual([]);
});

test('the samples are the same on every run, and their ids are too on another day', () => {
  expect([...sampleData(TODAY)]).toEqual(rows);
  const keys = (all: typeof rows) => all.map((row) => `${row.collection}/${row.id}`);
  expect(keys([...sampleData(TODAY + 86_400_000)])).toEqual(keys(rows));
  expect(new Set(keys(rows)).size).toBe(rows.length);
});

test('there is something of everything that a first look needs', () => {
  const count = (collection: string) => rows.filter((row) => row.collection === collection).length;
  expect(count('mentors')).toBe(12);
  expect(count('patients')).toBe(60);
  expect(count('encounters')).toBeGreaterThan(200);
  expect(count('observations')).toBe(2 * count('encounters'));
  expect(count('medicationRequests')).toBeGreaterThan(20);
  const visited = rows.flatMap((row) => (row.collection === 'encounters' ? [String(row.values.start)] : []));
  expect(visited.filter((start) => start > '2026-03-15')).toEqual([]);
  expect(visited.filter((start) => start > '2026-03-01').length).toBeGreaterThan(20);
});

test('every mentor has patients, and refers to somebody one can sign in as', () => {
  const caring = new Set(rows.flatMap((row) => (row.collection === 'patients' ? [row.values.mentorId] : [])));
  expect([...caring].sort()).toEqual(mentors.map((mentor) => mentor.id));
  const seen = new Set(people.flatMap((person) => person.scopes));
  for (const { id } of mentors) expect(seen).toContain(`mentor:${id}`);
  expect(people.find((person) => person.role === 'coordinator')?.scopes).toEqual(['everyone', 'programme']);
});
