import type { ComponentProps } from 'react';
import { localDate } from '../dates.ts';
import { useLive, useRecord, useWrite } from '../hooks.ts';
import { messages } from '../messages.ts';
import { go, type Route } from '../route.ts';
import type { Person } from '../session/person.ts';
import { useSignedIn } from '../session/session-context.ts';
import { changedFields, useDraft } from './drafts.ts';
import { Choice, SelectLine, TextLine } from './fields.tsx';
import { FormPage } from './form-page.tsx';
import { checkPatient, type PatientValues, patientRecord } from './patient-values.ts';
import { useSave } from './use-save.ts';

const m = messages.form;

/** A new patient, or one to edit. */
export default function PatientForm({ id }: { readonly id: string | null }) {
  const { person } = useSignedIn();
  return id === null ? <PatientFields id={null} initial={emptyPatient(person)} /> : <EditPatient id={id} />;
}

function EditPatient({ id }: { readonly id: string }) {
  const patient = useRecord('patients', id);
  if (patient === undefined) return null;
  if (patient === null) return <p className="page">{messages.patient.notHere}</p>;
  const { name, birthDate, sex, phone, address, mentorId } = patient;
  return (
    <PatientFields id={id} initial={{ name, birthDate, sex, phone: phone ?? '', address: address ?? '', mentorId }} />
  );
}

interface PatientFieldsProps {
  readonly id: string | null;
  readonly initial: PatientValues;
}

function PatientFields({ id, initial }: PatientFieldsProps) {
  const { person } = useSignedIn();
  const write = useWrite();
  const { base, values, change, drop } = useDraft(`${person.id}/patient/${id ?? 'new'}`, initial);
  const { save, clear, ...state } = useSave();
  const today = localDate(new Date());
  const back: Route = id === null ? { at: 'list' } : { at: 'patient', id };

  const bind = (field: keyof PatientValues) => ({
    name: field,
    value: values[field],
    problem: state.problems[field],
    onChange: (value: string) => {
      clear(field);
      change({ [field]: value });
    },
  });

  const onSave = async () => {
    let target = id;
    const saved = await save(
      () => checkPatient(values, today),
      () =>
        write((tx) => {
          // Only what this person changed is written: what others changed meanwhile stays theirs.
          if (id !== null) tx.patients.update(id, changedFields(patientRecord(base), patientRecord(values)));
          else target = tx.patients.create(patientRecord(values)).id;
        }),
    );
    if (!saved || target === null) return;
    drop();
    go({ at: 'patient', id: target }, { replace: true });
  };

  const title = id === null ? m.newPatient : m.editPatient(base.name);
  return (
    <FormPage title={title} back={back} onSave={() => void onSave()} {...state}>
      <TextLine {...bind('name')} label={m.name} autoComplete="off" />
      <TextLine {...bind('birthDate')} label={m.birthDate} type="date" max={today} />
      <Choice {...bind('sex')} label={m.sex} choices={SEX_CHOICES} />
      <TextLine {...bind('phone')} label={m.phone} type="tel" autoComplete="off" optional />
      <TextLine {...bind('address')} label={m.address} lines={2} optional />
      {person.role === 'coordinator' ? <MentorLine {...bind('mentorId')} /> : null}
    </FormPage>
  );
}

function MentorLine(field: Omit<ComponentProps<typeof SelectLine>, 'label' | 'choices' | 'prompt'>) {
  const mentors = useLive((db) => db.selectFrom('mentors').select(['id', 'name']).orderBy('name'), []);
  const choices = (mentors ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return <SelectLine {...field} label={m.mentor} prompt={m.chooseMentor} choices={choices} />;
}

const SEX_CHOICES = (['female', 'male', 'other', 'unknown'] as const).map((value) => ({
  value,
  label: messages.sexes[value],
}));

function emptyPatient(person: Person): PatientValues {
  const mentorId = person.role === 'mentor' ? person.id : '';
  return { name: '', birthDate: '', sex: '', phone: '', address: '', mentorId };
}
