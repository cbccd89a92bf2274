import { entriesHere, useRecordStatuses, useSyncStatus } from '@holdfast/react';
import { useDeferredValue, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { SearchField } from 'react-aria-components/SearchField';
import { useLive } from '../hooks.ts';
import { messages } from '../messages.ts';
import { hrefOf } from '../route.ts';
import { useSignedIn } from '../session/session-context.ts';
import { ListRows } from './list-rows.tsx';
import { searchPatients } from './search-patients.ts';
import { useSteadyRows } from './steady-rows.ts';

const m = messages.list;
const ROW_COLUMNS = ['id', 'name', 'birthDate', 'sex', 'phone', 'mentorId'] as const;
const SCREENFUL = 24;

/** All patients on this device, with a search that answers while one types. */
export function PatientList({ openId }: { readonly openId: string | null }) {
  const [query, setQuery] = useState('');
  const wanted = useDeferredValue(query).trim();
  const { ready } = useSyncStatus();
  const statuses = useRecordStatuses();
  const mentorNames = useMentorNames();
  const { all, first } = usePatientRows();
  const steady = useSteadyRows(all ?? [], !ready, (id) => statuses.has(`patients/${id}`));
  const rows = all === undefined ? (first ?? []) : steady.rows;
  const shown = wanted === '' ? rows : searchPatients(all ?? rows, wanted);
  return (
    <section className="pane list-pane" aria-labelledby="patients-heading">
      <div className="list-head">
        <div className="list-title">
          <h2 id="patients-heading">{m.heading}</h2>
          <p className="count" role="status">
            {all === undefined ? '' : wanted === '' ? m.count(rows.length) : m.found(shown.length, all.length)}
          </p>
        </div>
        <SearchField className="search" value={query} onChange={setQuery} data-testid="search">
          <Label className="hidden">{m.search}</Label>
          <Input className="input" placeholder={m.searchHint} />
          <Button className="search-clear" aria-label={m.clearSearch}>
            <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
              <path d="M3 3l10 10M13 3L3 13" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
            </svg>
          </Button>
        </SearchField>
      </div>
      {steady.held > 0 && wanted === '' ? (
        <Button className="held" onPress={steady.release}>
          {m.showNew(steady.held)}
        </Button>
      ) : null}
      <ListRows rows={shown} openId={openId} mentorNames={mentorNames} />
      {all !== undefined && shown.length === 0 ? <Empty query={wanted} ready={ready} /> : null}
      <div className="actions">
        <a className="button primary" href={hrefOf({ at: 'new-patient' })} data-testid="new-patient">
          {m.newPatient}
        </a>
      </div>
    </section>
  );
}

/** All patients by name and, while twenty thousand are still being read, the first few of them. */
function usePatientRows() {
  const first = useLive((db) => db.selectFrom('patients').select(ROW_COLUMNS).orderBy('name').limit(SCREENFUL), []);
  const all = useLive((db) => db.selectFrom('patients').select(ROW_COLUMNS).orderBy('name'), []);
  return { all, first };
}

/** Names by mentor, for a coordinator, who sees the patients of all; otherwise none. */
function useMentorNames(): ReadonlyMap<string, string> | null {
  const { person } = useSignedIn();
  const mentors = useLive((db) => db.selectFrom('mentors').select(['id', 'name']), []);
  if (person.role !== 'coordinator') return null;
  return new Map(mentors?.map(({ id, name }) => [id, name]));
}

function Empty({ query, ready }: { readonly query: string; readonly ready: boolean }) {
  const status = useSyncStatus();
  const offline = status.phase.at === 'offline' || status.link === 'down';
  const text = () => {
    if (query !== '') return m.noMatch(query);
    if (ready || entriesHere(status) > 0) return m.empty;
    return offline ? m.fetchingNoLink : m.fetching;
  };
  return <p className="empty">{text()}</p>;
}
