import { useState } from 'react';
import { localDate } from '../dates.ts';
import { useRecord, useWrite } from '../hooks.ts';
import { messages } from '../messages.ts';
import { go } from '../route.ts';
import { useSignedIn } from '../session/session-context.ts';
import { useDraft } from './drafts.ts';
import { Choice, TextLine } from './fields.tsx';
import { FormPage } from './form-page.tsx';
import { useSave } from './use-save.ts';
import { checkVisit, emptyVisit, type VisitValues, visitRecords } from './visit-values.ts';

const m = messages.form;
const KIND_CHOICES = Object.entries(m.visitKinds).map(([value, label]) => ({ value, label }));

/** A visit to a patient, with what was measured, saved as one. */
export default function VisitForm({ patientId }: { readonly patientId: string }) {
  const patient = useRecord('patients', patientId);
  const { person } = useSignedIn();
  const write = useWrite();
  const [opened] = useState(() => new Date());
  const { values, change, drop } = useDraft(`${person.id}/visit/${patientId}`, emptyVisit(opened));
  const { save, clear, ...state } = useSave();
  if (patient === undefined) return null;
  if (patient === null) return <p className="page">{messages.patient.notHere}</p>;

  const bind = (field: keyof VisitValues) => ({
    name: field,
    value: values[field],
    // The schema knows day and time as one field.
    problem: state.problems[field] ?? (field === 'day' ? state.problems.start : undefined),
    onChange: (value: string) => {
      clear(field);
      change({ [field]: value });
    },
  });

  const onSave = async () => {
    const saved = await save(
      () => checkVisit(values, new Date()),
      () =>
        write((tx) => {
          const { visit, measured } = visitRecords(values);
          const encounterId = tx.encounters.create({ ...visit, patientId }).id;
          for (const each of measured) tx.observations.create({ ...each, patientId, encounterId });
        }),
    );
    if (!saved) return;
    drop();
    go({ at: 'patient', id: patientId }, { replace: true });
  };

  return (
    <FormPage
      title={m.newVisit(patient.name)}
      back={{ at: 'patient', id: patientId }}
      onSave={() => void onSave()}
      {...state}
    >
      <Choice {...bind('kind')} label={m.kind} choices={KIND_CHOICES} />
      <div className="pair">
        <TextLine {...bind('day')} label={m.day} type="date" max={localDate(opened)} />
        <TextLine {...bind('time')} label={m.time} type="time" />
      </div>
      <TextLine {...bind('reason')} label={m.reason} optional />
      <TextLine {...bind('note')} label={m.note} lines={4} optional />
      <fieldset>
        <legend>
          {m.measured} <span className="optional">({m.optional})</span>
        </legend>
        <div className="pair">
          <TextLine {...bind('upper')} label={m.upper} inputMode="numeric" />
          <TextLine {...bind('lower')} label={m.lower} inputMode="numeric" />
        </div>
        <TextLine {...bind('weight')} label={m.weight} inputMode="decimal" />
      </fieldset>
    </FormPage>
  );
}
