import type { Receipt } from '@holdfast/core';
import type { EntryState, OutboxEntry } from '@holdfast/device';
import { expect, test } from 'vitest';
import { standingOf, statusOf, whatOf } from './describe-entry.ts';
import { lanesOf } from './lanes.ts';

const refused = { outcome: 'refused', id: 'x', position: 'x', reason: 'gone', detail: null } as unknown as Receipt;
const states: EntryState[] = [
  { at: 'pending' },
  { at: 'sending' },
  { at: 'waiting', since: 0, nextTry: 1, error: '503 Busy' },
  { at: 'accepted', receipt: refused },
  { at: 'blocked', by: [], reason: 'held' },
  { at: 'blocked', by: [], reason: 'not-live' },
  { at: 'conflicted', receipt: refused },
  { at: 'refused', receipt: refused },
];

test('[OB7] every state has words of its own, and none that only a programmer knows', () => {
  const words = states.map(standingOf);
  expect(new Set(words).size).toBe(states.length);
  for (const text of words) expect(text).not.toMatch(/error|invalid|null|conflict|\b\d{3}\b|undefined/i);
});

test('[OP2] only what a person must decide is shown so', () => {
  expect(states.map(statusOf)).toEqual([
    'saved-here',
    'sending',
    'saved-here',
    'sending',
    'saved-here',
    'saved-here',
    'needs-attention',
    'needs-attention',
  ]);
});

const entry = (id: string, collection: string, record: string): OutboxEntry => ({
  id,
  collection,
  record,
  transaction: 't',
  kind: 'create',
  priority: 1,
  madeAt: 0,
  tries: 0,
  state: { at: 'pending' },
});

test('what was done is said by kind and collection, also for one nobody thought of', () => {
  expect(whatOf(entry('1', 'encounters', 'v'))).toBe('Visit');
  expect(whatOf({ kind: 'update', collection: 'goals' })).toBe('Entry changed');
});

test('a lane holds what belongs to one patient, in the order written', () => {
  const entries = [
    entry('1', 'patients', 'ada'),
    entry('2', 'patients', 'ben'),
    entry('3', 'encounters', 'v'),
    entry('4', 'goals', 'g'),
  ];
  const lanes = lanesOf(entries, new Map([['encounters/v', 'ada']]));
  expect(lanes.map((lane) => [lane.patientId, lane.entries.map(({ id }) => id)])).toEqual([
    ['ada', ['1', '3']],
    ['ben', ['2']],
    [null, ['4']],
  ]);
});
