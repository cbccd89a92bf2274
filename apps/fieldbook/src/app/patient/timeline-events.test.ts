import { expect, test } from 'vitest';
import type { ClinicalRow, PrescriptionRow, VisitRow } from './clinical-row.ts';
import { timelineEvents } from './timeline-events.ts';
import type { PatientStory } from './use-patient-story.ts';

const visit = (id: string, start: string, status = 'finished'): VisitRow => ({
  id,
  start,
  status,
  kind: 'Home visit',
  reason: 'Check-up',
  note: null,
});
const finding = (id: string, part: Partial<ClinicalRow>): ClinicalRow => ({
  id,
  encounterId: null,
  display: id,
  code: null,
  status: null,
  at: null,
  value: null,
  ...part,
});
const nothing: PatientStory = {
  encounters: [],
  observations: [],
  conditions: [],
  medicationRequests: [],
  allergyIntolerances: [],
  immunizations: [],
  procedures: [],
};

test('moments are ordered as moments, whatever offset they are written with; what has none comes last', () => {
  const events = timelineEvents({
    ...nothing,
    encounters: [visit('at 09:00Z', '2026-11-21T12:00:00+03:00'), visit('at 10:00Z', '2026-11-21T08:00:00-02:00')],
    conditions: [finding('no day', {}), finding('at 09:30Z', { at: '2026-11-21T09:30:00Z' })],
  });
  expect(events.map(({ id }) => id)).toEqual(['at 10:00Z', 'at 09:30Z', 'at 09:00Z', 'no day']);
});

test('what was found in a visit stands in it; what belongs to a visit that is not here stands alone', () => {
  const events = timelineEvents({
    ...nothing,
    encounters: [visit('v', '2026-11-21T12:00:00Z')],
    observations: [
      finding('weight', { encounterId: 'v', value: '71.5 kg' }),
      finding('height', { encounterId: 'elsewhere', value: '170 cm', at: '2026-11-20T12:00:00Z' }),
    ],
  });
  expect(events.map(({ id, detail, items }) => ({ id, detail, items: items.map((item) => item.value) }))).toEqual([
    { id: 'v', detail: 'Check-up', items: ['71.5 kg'] },
    { id: 'height', detail: '170 cm', items: [] },
  ]);
});

test('a dose is read out in full, and nothing is made up where there is none', () => {
  const drug: PrescriptionRow = { ...finding('drug', {}), dose: 2.5, doseUnit: 'mg', timesPerDay: 2 };
  const told = (part: Partial<PrescriptionRow>) =>
    timelineEvents({ ...nothing, medicationRequests: [{ ...drug, ...part }] })[0]?.detail;
  expect(told({})).toBe('2.5 mg, 2 a day');
  expect(told({ timesPerDay: null })).toBe('2.5 mg');
  expect(told({ dose: null, value: null })).toBeNull();
});

test('a visit that was cancelled or written in error says so', () => {
  const story = { ...nothing, encounters: [visit('v', '2026-11-21T12:00:00Z', 'entered-in-error')] };
  expect(timelineEvents(story)[0]?.remark).toBe('Written in error');
});
