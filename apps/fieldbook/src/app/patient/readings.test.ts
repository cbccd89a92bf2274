import { expect, test } from 'vitest';
import { scaleOf } from './chart-scale.ts';
import type { ClinicalRow } from './clinical-row.ts';
import { bloodPressures, weights } from './readings.ts';

const row = (id: string, code: string, value: string | null, part: Partial<ClinicalRow> = {}): ClinicalRow => ({
  id,
  code,
  value,
  encounterId: null,
  display: '',
  status: 'final',
  at: '2026-11-21T10:00:00Z',
  ...part,
});

test('blood pressures, oldest first, without what was written in error', () => {
  const rows = [
    row('new', '55284-4', '124/83 mmHg'),
    row('old', '85354-9', '118 / 76 mmHg', { at: '2026-11-20T10:00:00Z' }),
    row('wrong', '55284-4', '12/8 mmHg', { status: 'entered-in-error' }),
    row('text', '55284-4', 'high'),
    row('other', '8302-2', '178/2 cm'),
    row('no day', '55284-4', '124/83 mmHg', { at: null }),
  ];
  expect(bloodPressures(rows).map(({ id, values }) => [id, values])).toEqual([
    ['old', [118, 76]],
    ['new', [124, 83]],
  ]);
});

test('weights in kilograms only', () => {
  const rows = [row('a', '29463-7', '71,5 kg'), row('b', '29463-7', '158 lb'), row('c', '29463-7', '71 kgs')];
  expect(weights(rows).map(({ id, values }) => [id, values])).toEqual([['a', [71.5]]]);
});

const frame = { width: 320, height: 168, left: 36, right: 16, top: 12, bottom: 28 };

test('a scale holds all values within the frame, on round ticks', () => {
  const scale = scaleOf([60, 138], [0, 10], 60, frame);
  expect(scale.ticks).toEqual([50, 100, 150]);
  expect(scale.y(150)).toBe(12);
  expect(scale.y(50)).toBe(140);
  expect([scale.x(0), scale.x(10)]).toEqual([36, 304]);
});

test('a change of no weight looks like none, and one reading stands in the middle', () => {
  const scale = scaleOf([57.5], [5], 8, frame);
  expect(scale.ticks.at(-1)).toBeGreaterThan(61);
  expect(scale.ticks[0]).toBeLessThan(54);
  expect(scale.x(5)).toBe(170);
});
