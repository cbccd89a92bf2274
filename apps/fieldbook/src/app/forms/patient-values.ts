import { messages } from '../messages.ts';
import type { FieldProblems } from './field-problems.ts';

/** The fields of the patient form, as text. */
export interface PatientValues {
  readonly name: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly phone: string;
  readonly address: string;
  readonly mentorId: string;
}

const m = messages.problems;
const SEXES = ['female', 'male', 'other', 'unknown'] as const;

/** What a person must still look at. `today`: this device's date. */
export function checkPatient(values: PatientValues, today: string): FieldProblems {
  return {
    ...(values.name.trim() === '' ? { name: m.name } : {}),
    ...checkBirthDate(values.birthDate, today),
    ...(SEXES.some((sex) => sex === values.sex) ? {} : { sex: m.sex }),
    ...(values.mentorId === '' ? { mentorId: m.mentorId } : {}),
  };
}

function checkBirthDate(birthDate: string, today: string): FieldProblems {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(birthDate)) return { birthDate: m.birthDate };
  return birthDate > today ? { birthDate: m.birthDateAhead } : {};
}

/** What is stored: without stray spaces, and null for what stayed empty. Call it on checked values. */
export function patientRecord(values: PatientValues) {
  const { name, birthDate, mentorId } = values;
  return {
    name: name.trim().replaceAll(/\s+/g, ' '),
    birthDate,
    sex: SEXES.find((sex) => sex === values.sex) ?? 'unknown',
    phone: emptyAsNull(values.phone),
    address: emptyAsNull(values.address),
    mentorId,
  };
}

export function emptyAsNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}
