import type { ReactNode } from 'react';
import { sayDate } from '../dates.ts';
import { useRecord } from '../hooks.ts';
import { messages } from '../messages.ts';
import { isCurrent } from './clinical-row.ts';
import { shownValue } from './timeline-events.ts';
import type { PatientStory } from './use-patient-story.ts';

const m = messages.patient;

interface FactsProps {
  readonly patient: {
    readonly birthDate: string;
    readonly phone: string | null;
    readonly address: string | null;
    readonly mentorId: string;
  };
  readonly story: PatientStory | undefined;
}

/** Who the patient is, and what is so at present. */
export function Facts({ patient, story }: FactsProps) {
  const mentor = useRecord('mentors', patient.mentorId);
  const { phone } = patient;
  return (
    <>
      <dl className="facts">
        <Fact label={m.born}>{sayDate(patient.birthDate)}</Fact>
        <Fact label={m.phone}>
          {phone === null ? null : <a href={`tel:${phone.replace(/[^\d+]/g, '')}`}>{phone}</a>}
        </Fact>
        <Fact label={m.address}>{patient.address}</Fact>
        <Fact label={m.mentor}>{mentor?.name}</Fact>
      </dl>
      {story ? <Now story={story} /> : null}
    </>
  );
}

function Now({ story }: { readonly story: PatientStory }) {
  const allergies = unique(story.allergyIntolerances.filter(isCurrent).map(({ display }) => display));
  const conditions = unique(story.conditions.filter(isCurrent).map(({ display }) => display));
  const medicines = unique(
    story.medicationRequests.filter(isCurrent).map((row) => [row.display, shownValue(row)].filter(Boolean).join(', ')),
  );
  return (
    <dl className="now">
      <div data-alert={allergies.length > 0}>
        <dt>{m.allergies}</dt>
        <dd>{allergies.length > 0 ? <List items={allergies} /> : <span className="quiet">{m.noAllergies}</span>}</dd>
      </div>
      {conditions.length > 0 ? (
        <div>
          <dt>{m.conditions}</dt>
          <dd>
            <List items={conditions} />
          </dd>
        </div>
      ) : null}
      {medicines.length > 0 ? (
        <div>
          <dt>{m.medicines}</dt>
          <dd>
            <List items={medicines} />
          </dd>
        </div>
      ) : null}
    </dl>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children ?? <span className="quiet">{m.none}</span>}</dd>
    </div>
  );
}

function List({ items }: { readonly items: readonly string[] }) {
  return (
    <ul>
      {items.map((item) => (
        <li key={item}>{item}</li>
      ))}
    </ul>
  );
}

function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)];
}
