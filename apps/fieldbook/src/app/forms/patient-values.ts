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
/** Digits with what people write between them, an extension too. */
const PHONE = /^\+?[\d][\d\s().\-/x]{2,58}$/i;
const [LONGEST_NAME, LONGEST_ADDRESS, OLDEST] = [300, 500, 125];
const SEXES = ['female', 'male', 'other', 'unknown'] as const;

/** What a person must still look at. `today`: this device's date. */
export function checkPatient(values: PatientValues, today: string): FieldProblems {
  return {
    ...checkName(values.name.trim()),
    ...(values.phone.trim() === '' || PHONE.test(values.phone.trim()) ? {} : { phone: m.phone }),
    ...(values.address.length > LONGEST_ADDRESS ? { address: m.tooLong } : {}),
    ...checkBirthDate(values.birthDate, today),
    ...(SEXES.some((sex) => sex === values.sex) ? {} : { sex: m.sex }),
    ...(values.mentorId === '' ? { mentorId: m.mentorId } : {}),
  };
}

function checkName(name: string): FieldProblems {
  if (name === '') return { name: m.name };
  return name.length > LONGEST_NAME ? { name: m.tooLong } : {};
}

function checkBirthDate(birthDate: string, today: string): FieldProblems {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(birthDate)) return { birthDate: m.birthDate };
  if (birthDate > today) return { birthDate: m.birthDateAhead };
  return Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4)) > OLDEST ? { birthDate: m.birthDateOld } : {};
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
