import { instantOf, localDate, localTime } from '../dates.ts';
import { messages } from '../messages.ts';
import type { FieldProblems } from './field-problems.ts';
import { emptyAsNull } from './patient-values.ts';

/** The fields of the visit form, as text. */
export interface VisitValues {
  readonly kind: string;
  readonly day: string;
  readonly time: string;
  readonly reason: string;
  readonly note: string;
  readonly upper: string;
  readonly lower: string;
  readonly weight: string;
}

const m = messages.problems;
/** Clocks of two devices differ a little; a visit entered at once is not "ahead". */
const TOLERANCE_MS = 5 * 60_000;

export function emptyVisit(now: Date): VisitValues {
  return {
    kind: 'Home visit',
    day: localDate(now),
    time: localTime(now),
    reason: '',
    note: '',
    upper: '',
    lower: '',
    weight: '',
  };
}

/** What a person must still look at. */
export function checkVisit(values: VisitValues, now: Date): FieldProblems {
  return {
    ...(values.kind === '' ? { kind: m.kind } : {}),
    ...checkStart(values, now),
    ...checkBloodPressure(values),
    ...checkWeight(values.weight),
  };
}

function checkStart({ day, time }: VisitValues, now: Date): FieldProblems {
  const start = instantOf(day, time);
  if (start === null) return { [day === '' ? 'day' : 'time']: m.start };
  return Date.parse(start) > now.getTime() + TOLERANCE_MS ? { day: m.startAhead } : {};
}

function checkBloodPressure({ upper, lower }: VisitValues): FieldProblems {
  if (upper.trim() === '' && lower.trim() === '') return {};
  if (upper.trim() === '') return { upper: m.bloodPressurePair };
  if (lower.trim() === '') return { lower: m.bloodPressurePair };
  const [high, low] = [decimal(upper), decimal(lower)];
  if (!within(high, 50, 300) || !Number.isInteger(high)) return { upper: m.bloodPressureRange };
  if (!within(low, 20, 200) || !Number.isInteger(low) || low >= high) return { lower: m.bloodPressureRange };
  return {};
}

function checkWeight(weight: string): FieldProblems {
  return weight.trim() === '' || within(decimal(weight), 0.3, 400) ? {} : { weight: m.weight };
}

interface Measured {
  readonly display: string;
  readonly code: string;
  readonly value: string;
}

/** What is stored of a visit: itself, and what was measured. Call it on checked values. */
export function visitRecords(values: VisitValues) {
  const start = instantOf(values.day, values.time) ?? '';
  const measured: Measured[] = [];
  if (values.upper.trim() !== '') {
    const value = `${decimal(values.upper)}/${decimal(values.lower)} mmHg`;
    measured.push({ display: 'Blood Pressure', code: '55284-4', value });
  }
  if (values.weight.trim() !== '') {
    measured.push({ display: 'Body Weight', code: '29463-7', value: `${decimal(values.weight)} kg` });
  }
  const visit = {
    kind: values.kind,
    start,
    reason: emptyAsNull(values.reason),
    note: emptyAsNull(values.note),
    status: 'finished' as const,
  };
  return { visit, measured: measured.map((each) => ({ ...each, at: start, status: 'final' })) };
}

/** A number as people type it, with a point or a comma; NaN for anything else. */
function decimal(text: string): number {
  return /^\d+([.,]\d+)?$/.test(text.trim()) ? Number(text.trim().replace(',', '.')) : Number.NaN;
}

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
