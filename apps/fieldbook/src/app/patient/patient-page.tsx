import { RecordBadge } from '@holdfast/react';
import { aboutPatient } from '../about-patient.ts';
import { ageOn } from '../dates.ts';
import { useRecord } from '../hooks.ts';
import { messages } from '../messages.ts';
import { BackLink } from '../parts/back-link.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { hrefOf } from '../route.ts';
import { Chart } from './chart.tsx';
import { Facts } from './facts.tsx';
import { bloodPressures, weights } from './readings.ts';
import { Timeline } from './timeline.tsx';
import { type PatientStory, usePatientStory } from './use-patient-story.ts';

const m = messages.patient;
/** Blood pressure of a healthy adult at rest, in mmHg. */
const BLOOD_PRESSURE_BANDS = [
  { from: 60, to: 80 },
  { from: 90, to: 120 },
];

/** One patient: who, how it stands, how it went. */
export default function PatientPage({ id }: { readonly id: string }) {
  const patient = useRecord('patients', id);
  const story = usePatientStory(id);
  if (patient === undefined) return null;
  if (patient === null) {
    return (
      <div className="page">
        <BackLink to={{ at: 'list' }}>{m.back}</BackLink>
        <PageHeading>{messages.outbox.someone}</PageHeading>
        <p>{m.notHere}</p>
      </div>
    );
  }
  return (
    <article className="page" data-testid="patient">
      <BackLink to={{ at: 'list' }}>{m.back}</BackLink>
      <header className="patient-head">
        <div>
          <PageHeading>{patient.name}</PageHeading>
          <p className="patient-about">
            {aboutPatient(patient)}
            <RecordBadge collection="patients" id={id} />
          </p>
        </div>
        <a className="button" href={hrefOf({ at: 'edit-patient', id })} data-testid="edit-patient">
          {m.edit}
        </a>
      </header>
      <Facts patient={patient} story={story} />
      {story ? <Charts story={story} adult={isAdult(patient.birthDate)} /> : null}
      {story ? <Timeline story={story} /> : null}
      <div className="actions">
        <a className="button primary" href={hrefOf({ at: 'new-visit', id })} data-testid="add-encounter">
          {m.addVisit}
        </a>
      </div>
    </article>
  );
}

function isAdult(birthDate: string): boolean {
  const age = ageOn(birthDate, new Date());
  return age !== null && 'years' in age && age.years >= 18;
}

/** The usual range is that of adults; a child's chart has none. */
function Charts({ story, adult }: { readonly story: PatientStory; readonly adult: boolean }) {
  const pressures = bloodPressures(story.observations);
  const weighed = weights(story.observations);
  if (pressures.length === 0 && weighed.length === 0) return null;
  const { chart } = messages;
  return (
    <div className="charts">
      {pressures.length > 0 ? (
        <Chart
          title={chart.bloodPressure}
          readings={pressures}
          leastSpan={60}
          lines={[chart.upper, chart.lower]}
          bands={adult ? BLOOD_PRESSURE_BANDS : []}
        />
      ) : null}
      {weighed.length > 0 ? <Chart title={chart.weight} readings={weighed} leastSpan={8} /> : null}
    </div>
  );
}
