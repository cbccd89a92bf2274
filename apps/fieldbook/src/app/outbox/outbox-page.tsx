import type { OutboxEntry } from '@holdfast/device';
import { entriesHere, StatusBadge, useOutbox, useSyncStatus } from '@holdfast/react';
import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { sayAhead } from '../dates.ts';
import { useDevice } from '../hooks.ts';
import { messages } from '../messages.ts';
import { BackLink } from '../parts/back-link.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { useNow } from '../parts/use-now.ts';
import { When } from '../parts/when.tsx';
import { hrefOf } from '../route.ts';
import { useSignedIn } from '../session/session-context.ts';
import { standingOf, statusOf, whatOf } from './describe-entry.ts';
import { type Lane, lanesOf } from './lanes.ts';
import { Ring } from './ring.tsx';
import { usePatientsOf } from './use-patient-names.ts';
import { useToday } from './use-today.ts';

const m = messages.outbox;

/** What is sent and what is not, and who one is. */
export default function OutboxPage() {
  return (
    <div className="page" data-testid="outbox">
      <BackLink to={{ at: 'list' }}>{m.back}</BackLink>
      <PageHeading>{m.heading}</PageHeading>
      <Summary />
      <Lanes />
      <Me />
    </div>
  );
}

function Summary() {
  const device = useDevice();
  const status = useSyncStatus();
  const { sent, all } = useToday();
  const now = useNow(1000);
  const nextTry = 'nextTry' in status.phase ? m.nextTry(sayAhead(new Date(status.phase.nextTry), now)) : null;
  return (
    <div className="summary">
      <div className="summary-ring">
        <Ring done={sent} all={all} size={96} />
        <span className="summary-count">{all === 0 ? '–' : `${sent}/${all}`}</span>
      </div>
      <div className="summary-text">
        <p className="summary-lead">{all === 0 ? m.noneToday : `${m.todayVisits}: ${m.today(sent, all)}`}</p>
        {nextTry === null ? null : <p className="quiet">{nextTry}</p>}
        <p className="quiet">
          {m.lastSync}: {status.lastSync === null ? m.never : <When at={status.lastSync} />}
        </p>
      </div>
      <Button className="button primary" onPress={() => void device.sync()}>
        {messages.header.sendNow}
      </Button>
    </div>
  );
}

function Lanes() {
  const entries = useOutbox();
  const status = useSyncStatus();
  const { patientOf, nameOf } = usePatientsOf(entries ?? []);
  if (entries === undefined) return null;
  const here = entriesHere(status);
  return (
    <>
      <p className="quiet">{entries.length === 0 ? m.empty : here > 0 ? m.waiting(here) : null}</p>
      {lanesOf(entries, patientOf).map((lane) => (
        <LaneCard key={lane.patientId ?? ''} lane={lane} name={nameOf.get(lane.patientId ?? '')} />
      ))}
    </>
  );
}

function LaneCard({ lane, name }: { readonly lane: Lane; readonly name: string | undefined }) {
  return (
    <section className="lane">
      <h3>
        {lane.patientId === null || name === undefined ? (
          (name ?? (lane.patientId === null ? m.others : m.someone))
        ) : (
          <a href={hrefOf({ at: 'patient', id: lane.patientId })}>{name}</a>
        )}
      </h3>
      <ol data-testid="outbox-entries">
        {lane.entries.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ol>
    </section>
  );
}

function Entry({ entry }: { readonly entry: OutboxEntry }) {
  return (
    <li className="lane-entry">
      <div className="entry-head">
        <span className="lane-what">{whatOf(entry)}</span>
        <StatusBadge status={statusOf(entry.state)} />
      </div>
      <p>{standingOf(entry.state)}</p>
      <p className="quiet">
        {m.made} <When at={entry.madeAt} />
      </p>
    </li>
  );
}

function Me() {
  const { person, leave } = useSignedIn();
  const kept = useKept();
  return (
    <section className="me">
      <p>{messages.session.signedInAs(person.name, messages.session[person.role])}</p>
      {kept === null ? null : <p className="quiet">{kept ? m.kept : m.notKept}</p>}
      <p className="quiet">{messages.session.changeHint}</p>
      <Button className="button" onPress={leave}>
        {messages.session.changePerson}
      </Button>
    </section>
  );
}

/** Whether the browser promised to keep what is stored; null until it said so. */
function useKept(): boolean | null {
  const [kept, setKept] = useState<boolean | null>(null);
  useEffect(() => {
    void navigator.storage?.persisted?.().then(setKept);
  }, []);
  return kept;
}
