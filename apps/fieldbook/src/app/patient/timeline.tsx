import { RecordBadge } from '@holdfast/react';
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { messages } from '../messages.ts';
import { When } from '../parts/when.tsx';
import { type TimelineEvent, type TimelineItem, timelineEvents } from './timeline-events.ts';
import type { PatientStory } from './use-patient-story.ts';

const m = messages.patient;
const AT_ONCE = 12;
const ITEMS_AT_ONCE = 4;

/** What happened, newest first, each entry with its badge. */
export function Timeline({ story }: { readonly story: PatientStory }) {
  const [all, setAll] = useState(false);
  const events = timelineEvents(story);
  const shown = all ? events : events.slice(0, AT_ONCE);
  return (
    <section aria-labelledby="timeline-heading">
      <h3 id="timeline-heading">{m.timeline}</h3>
      {events.length === 0 ? <p className="empty">{m.timelineEmpty}</p> : null}
      <ol className="timeline" data-testid="timeline">
        {shown.map((event) => (
          <Entry key={`${event.collection}/${event.id}`} event={event} />
        ))}
      </ol>
      {shown.length < events.length ? (
        <Button className="button" onPress={() => setAll(true)}>
          {m.showOlder(events.length - shown.length)}
        </Button>
      ) : null}
    </section>
  );
}

function Entry({ event }: { readonly event: TimelineEvent }) {
  const kind = messages.kinds[event.collection];
  const first = event.items.slice(0, ITEMS_AT_ONCE);
  const rest = event.items.slice(ITEMS_AT_ONCE);
  return (
    <li className="entry" data-kind={event.collection}>
      <div className="entry-head">
        <When at={event.at} />
        <RecordBadge collection={event.collection} id={event.id} />
      </div>
      <h4>
        {event.title}
        {event.collection === 'encounters' ? null : <span className="entry-kind">{kind}</span>}
        {event.remark === null ? null : <span className="entry-remark">{event.remark}</span>}
      </h4>
      {event.detail === null ? null : <p className="entry-detail">{event.detail}</p>}
      {event.note === null ? null : <p className="entry-note">{event.note}</p>}
      <Items items={first} />
      {rest.length > 0 ? (
        <details>
          <summary>{m.moreMeasured(rest.length)}</summary>
          <Items items={rest} />
        </details>
      ) : null}
    </li>
  );
}

function Items({ items }: { readonly items: readonly TimelineItem[] }) {
  if (items.length === 0) return null;
  return (
    <dl className="items">
      {items.map(({ collection, id, label, value }) => (
        <div key={`${collection}/${id}`}>
          <dt>{label}</dt>
          <dd>{value ?? ''}</dd>
        </div>
      ))}
    </dl>
  );
}
