/**
 * Made-up patients for a first start: the same ones every time, with visits up to the day given. No
 * resemblance to anybody is meant.
 */
import type { MappedRow } from '@holdfast/cli';
import { mentorFor, mentors } from './people.ts';
import { type Chance, chance } from './sample-chance.ts';
import {
  ALLERGIES,
  CONDITIONS,
  FAMILY_NAMES,
  type Illness,
  MENS_NAMES,
  NOTES,
  STREETS,
  WOMENS_NAMES,
} from './sample-words.ts';

const PATIENTS = 60;
const DAY_MS = 86_400_000;

interface Patient {
  readonly id: string;
  readonly born: number;
  readonly illness: Illness | null;
  /** Where the series of measurements begins. */
  readonly weight: number;
  readonly systolic: number;
}

/** All rows, what others refer to first. `todayMs`: the day of the last visits, in milliseconds since 1970. */
export function* sampleData(todayMs: number): Generator<MappedRow> {
  const midnight = Math.floor(todayMs / DAY_MS) * DAY_MS;
  for (const { id, name, area } of mentors) yield { collection: 'mentors', id, values: { name, area } };
  for (let index = 1; index <= PATIENTS; index += 1) yield* patientWithVisits(index, midnight);
}

function* patientWithVisits(index: number, midnight: number): Generator<MappedRow> {
  const draw = chance(index);
  const id = `patient-${String(index).padStart(3, '0')}`;
  const sex = draw.fraction() < 0.6 ? 'female' : 'male';
  const born = midnight - (18 * 365 + draw.below(62 * 365)) * DAY_MS;
  const patient: Patient = {
    id,
    born,
    illness: draw.fraction() < 0.55 ? draw.pick(CONDITIONS) : null,
    weight: 52 + draw.below(40),
    systolic: 108 + draw.below(28),
  };
  yield {
    collection: 'patients',
    id,
    values: {
      name: `${draw.pick(sex === 'female' ? WOMENS_NAMES : MENS_NAMES)} ${draw.pick(FAMILY_NAMES)}`,
      birthDate: dayOf(born),
      sex,
      // 555 01xx is set aside for fiction.
      phone: draw.fraction() < 0.85 ? `555 01${String(draw.below(100)).padStart(2, '0')}` : null,
      address: `${1 + draw.below(140)} ${draw.pick(STREETS)}`,
      mentorId: mentorFor(id),
      resource: null,
    },
  };
  yield* visits(patient, midnight, draw);
  yield* lasting(patient, midnight, draw);
}

function* visits(patient: Patient, midnight: number, draw: Chance): Generator<MappedRow> {
  const count = 3 + draw.below(6);
  let daysAgo = 1 + draw.below(12);
  const starts: number[] = [];
  for (let visit = 0; visit < count; visit += 1) {
    starts.unshift(midnight - daysAgo * DAY_MS + (8 * 60 + draw.below(8 * 60)) * 60_000);
    daysAgo += 9 + draw.below(35);
  }
  for (const [number, start] of starts.entries()) {
    const encounterId = `${patient.id}-visit-${number + 1}`;
    yield {
      collection: 'encounters',
      id: encounterId,
      values: {
        patientId: patient.id,
        start: instantOf(start),
        kind: number === 0 ? 'First visit' : draw.pick(['Home visit', 'Home visit', 'Phone call', 'Clinic visit']),
        reason: patient.illness ? patient.illness.name : draw.pick(['Check-up', 'Advice', 'Follow-up']),
        note: draw.fraction() < 0.7 ? draw.pick(NOTES) : null,
        status: 'finished',
        resource: null,
      },
    };
    yield* measurements(patient, encounterId, number, start, draw);
  }
}

function* measurements(
  patient: Patient,
  encounterId: string,
  number: number,
  start: number,
  draw: Chance,
): Generator<MappedRow> {
  const raised = patient.illness?.raisesPressure ? 24 - number * 3 : 0;
  const systolic = patient.systolic + raised + draw.below(9) - 4;
  const diastolic = Math.round(systolic * 0.62) + draw.below(7) - 3;
  const weight = patient.weight + number * 0.3 * (draw.fraction() - 0.4) + draw.below(10) / 10;
  const measured = [
    ['blood-pressure', 'Blood Pressure', '55284-4', `${systolic}/${diastolic} mmHg`],
    ['weight', 'Body Weight', '29463-7', `${Math.round(weight * 10) / 10} kg`],
  ] as const;
  for (const [kind, display, code, value] of measured) {
    yield clinical('observations', `${encounterId}-${kind}`, patient, encounterId, start, {
      display,
      code,
      value,
      status: 'final',
    });
  }
}

/** What stays true between visits: illness, its treatment and plan, allergies, vaccinations. */
function* lasting(patient: Patient, midnight: number, draw: Chance): Generator<MappedRow> {
  const { illness } = patient;
  const first = `${patient.id}-visit-1`;
  const since = midnight - (200 + draw.below(900)) * DAY_MS;
  if (illness) {
    yield clinical('conditions', `${patient.id}-condition`, patient, null, since, {
      display: illness.name,
      code: illness.code,
      status: 'active',
      value: null,
    });
    yield clinical('medicationRequests', `${patient.id}-prescription`, patient, first, since + DAY_MS, {
      ...illness.treatment,
      status: 'active',
      value: null,
    });
    yield clinical('carePlans', `${patient.id}-plan`, patient, first, since + DAY_MS, {
      display: illness.plan,
      code: null,
      status: 'active',
      value: null,
    });
  }
  if (draw.fraction() < 0.2) {
    yield clinical('allergyIntolerances', `${patient.id}-allergy`, patient, null, since, {
      ...draw.pick(ALLERGIES),
      status: 'active',
      value: draw.pick(['low', 'high']),
    });
  }
  if (draw.fraction() < 0.5) {
    yield clinical('immunizations', `${patient.id}-influenza`, patient, null, since + 40 * DAY_MS, {
      display: 'Influenza, seasonal',
      code: '140',
      status: 'completed',
      value: null,
    });
  }
}

function clinical(
  collection: string,
  id: string,
  patient: Patient,
  encounterId: string | null,
  at: number,
  values: Readonly<Record<string, string | number | null>>,
): MappedRow {
  return {
    collection,
    id,
    values: { patientId: patient.id, encounterId, at: instantOf(at), resource: null, ...values },
  };
}

function instantOf(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

function dayOf(ms: number): string {
  return instantOf(ms).slice(0, 10);
}
