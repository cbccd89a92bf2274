/**
 * How Fieldbook takes in FHIR R4 resources. One mapping serves every clinical type; a type says only
 * where its display, code, status, time and value stand. The whole resource is kept beside them.
 */
import type { FhirMapping, MappedRow } from '@holdfast/cli';
import type { Json, JsonObject } from '@holdfast/core';
import {
  addressLine,
  conceptCode,
  conceptText,
  first,
  humanName,
  instant,
  list,
  number,
  object,
  phone,
  quantity,
  referencedId,
  text,
} from './fhir-extract.ts';
import { mentorFor, mentors } from './people.ts';

type Resource = JsonObject;
type Mapper = (resource: Resource) => readonly MappedRow[];

export const fhirMapping: FhirMapping = {
  before: mentors.map(({ id, name, area }) => ({ collection: 'mentors', id, values: { name, area } })),
  types: {
    Practitioner: into('practitioners', (r) => ({ name: humanName(r.name), address: addressLine(r.address) })),
    Organization: into('organizations', (r) => ({
      name: text(r.name),
      phone: phone(r.telecom),
      address: addressLine(r.address),
    })),
    Patient: into('patients', (r) => ({
      name: humanName(r.name),
      birthDate: text(r.birthDate),
      sex: text(r.gender) ?? 'unknown',
      phone: phone(r.telecom),
      address: addressLine(r.address),
      mentorId: mentorFor(text(r.id) ?? ''),
    })),
    Encounter: into('encounters', (r) => ({
      patientId: referencedId(r.subject, 'Patient'),
      start: instant(object(r.period).start),
      kind: conceptText(first(r.type)) ?? text(object(r.class).code),
      reason: conceptText(first(r.reasonCode)),
      note: null,
      status: text(r.status),
    })),
    Condition: clinical('conditions', (r) => ({
      ...coded(r.code),
      status: conceptCode(r.clinicalStatus),
      at: instant(r.onsetDateTime) ?? instant(r.recordedDate),
    })),
    AllergyIntolerance: clinical('allergyIntolerances', (r) => ({
      ...coded(r.code),
      status: conceptCode(r.clinicalStatus),
      at: instant(r.onsetDateTime) ?? instant(r.recordedDate),
      value: text(r.criticality),
    })),
    MedicationRequest: clinical('medicationRequests', (r) => ({
      ...medication(r),
      status: text(r.status),
      at: instant(r.authoredOn),
      ...dosage(first(r.dosageInstruction)),
    })),
    Immunization: clinical('immunizations', (r) => ({
      ...coded(r.vaccineCode),
      status: text(r.status),
      at: instant(r.occurrenceDateTime),
    })),
    CarePlan: clinical('carePlans', (r) => ({
      ...coded(first(r.category)),
      display: text(r.title) ?? conceptText(first(r.category)),
      status: text(r.status),
      at: instant(object(r.period).start),
      value: joined(list(r.activity).map((each) => conceptText(object(each.detail).code))),
    })),
    Goal: clinical('goals', (r) => ({
      ...coded(r.description),
      status: text(r.lifecycleStatus),
      at: instant(r.startDate),
      value: conceptCode(r.achievementStatus),
    })),
    Observation: clinical('observations', (r) => ({
      ...coded(r.code),
      status: text(r.status),
      at: instant(r.effectiveDateTime) ?? instant(object(r.effectivePeriod).start),
      value: observed(r) ?? componentValues(r),
    })),
    Procedure: clinical('procedures', (r) => ({
      ...coded(r.code),
      status: text(r.status),
      at: instant(r.performedDateTime) ?? instant(object(r.performedPeriod).start),
    })),
    DiagnosticReport: clinical('diagnosticReports', (r) => ({
      ...coded(r.code),
      status: text(r.status),
      at: instant(r.effectiveDateTime) ?? instant(r.issued),
      value: text(r.conclusion),
    })),
    ImagingStudy: clinical('imagingStudies', (r) => ({
      display: imaged(first(r.series)),
      code: text(object(first(r.series).modality).code),
      status: text(r.status),
      at: instant(r.started),
    })),
  },
};

function into(collection: string, values: (resource: Resource) => Record<string, Json>): Mapper {
  return (resource) => [
    { collection, id: text(resource.id) ?? '', values: { ...values(resource), resource: resource } },
  ];
}

function clinical(collection: string, values: (resource: Resource) => Record<string, Json>): Mapper {
  return into(collection, (resource) => ({
    patientId: referencedId(resource.subject ?? resource.patient, 'Patient'),
    encounterId: referencedId(resource.encounter, 'Encounter'),
    value: null,
    ...values(resource),
  }));
}

function coded(concept: Json | undefined): { display: string | null; code: string | null } {
  return { display: conceptText(concept), code: conceptCode(concept) };
}

function medication(resource: Resource): { display: string | null; code: string | null } {
  const named = coded(resource.medicationCodeableConcept);
  return { ...named, display: named.display ?? text(object(resource.medicationReference).display) };
}

// The amount is taken only where the resource states it. It is never read out of the drug's name.
function dosage(instruction: Resource): Record<string, Json> {
  const amount = object(first(instruction.doseAndRate).doseQuantity);
  const repeat = object(object(instruction.timing).repeat);
  return {
    dose: number(amount.value),
    doseUnit: text(amount.unit),
    timesPerDay: timesPerDay(number(repeat.frequency), number(repeat.period), text(repeat.periodUnit)),
    value: text(instruction.text) ?? (instruction.asNeededBoolean === true ? 'as needed' : null),
  };
}

function timesPerDay(frequency: number | null, period: number | null, unit: string | null): number | null {
  if (frequency === null || period === null || period === 0) return null;
  if (unit === 'd') return frequency / period;
  return unit === 'h' ? (frequency * 24) / period : null;
}

function observed(holder: Resource): string | null {
  return (
    quantity(holder.valueQuantity) ??
    conceptText(holder.valueCodeableConcept) ??
    text(holder.valueString) ??
    (typeof holder.valueBoolean === 'boolean' ? (holder.valueBoolean ? 'yes' : 'no') : null)
  );
}

const SYSTOLIC = '8480-6';
const DIASTOLIC = '8462-4';

/** Blood pressure as people write it, `124/83 mmHg`; other components one after the other. */
function componentValues(resource: Resource): string | null {
  const components = list(resource.component);
  const pressure = (code: string) =>
    number(object(components.find((each) => conceptCode(each.code) === code)?.valueQuantity).value);
  const [systolic, diastolic] = [pressure(SYSTOLIC), pressure(DIASTOLIC)];
  if (systolic !== null && diastolic !== null) return `${Math.round(systolic)}/${Math.round(diastolic)} mmHg`;
  return joined(
    components.map((each) => {
      const value = observed(each);
      return value === null ? null : `${conceptText(each.code) ?? ''} ${value}`.trim();
    }),
  );
}

function imaged(series: Resource): string | null {
  return joined([text(object(series.modality).display), text(object(series.bodySite).display)]) ?? 'Imaging study';
}

/** Each thing once, in order. */
function joined(parts: readonly (string | null)[]): string | null {
  const present = [...new Set(parts.filter((part) => part !== null))];
  return present.length > 0 ? present.join(', ') : null;
}
