import { lazy, type ReactNode, Suspense } from 'react';
import { Header } from './header.tsx';
import { PatientList } from './list/patient-list.tsx';
import { messages } from './messages.ts';
import { PageBoundary } from './page-boundary.tsx';
import { type Route, useRoute } from './route.ts';

const PatientPage = lazy(() => import('./patient/patient-page.tsx'));
const PatientForm = lazy(() => import('./forms/patient-form.tsx'));
const VisitForm = lazy(() => import('./forms/visit-form.tsx'));
const OutboxPage = lazy(() => import('./outbox/outbox-page.tsx'));

/** The frame of the open app: header, list, and the page beside it, or over it on a phone. */
export function Shell() {
  const route = useRoute();
  const key = `${route.at}/${'id' in route ? route.id : ''}`;
  return (
    <div className="shell" data-page={route.at === 'list' ? 'list' : 'detail'}>
      <Header />
      <main className="panes">
        <PageBoundary>
          <PatientList openId={'id' in route ? route.id : null} />
        </PageBoundary>
        <div className="pane detail-pane" key={key}>
          <PageBoundary>
            <Suspense fallback={null}>{pageOf(route)}</Suspense>
          </PageBoundary>
        </div>
      </main>
    </div>
  );
}

function pageOf(route: Route): ReactNode {
  switch (route.at) {
    case 'list':
      return <p className="choose-one">{messages.list.chooseOne}</p>;
    case 'patient':
      return <PatientPage id={route.id} />;
    case 'new-patient':
      return <PatientForm id={null} />;
    case 'edit-patient':
      return <PatientForm id={route.id} />;
    case 'new-visit':
      return <VisitForm patientId={route.id} />;
    case 'outbox':
      return <OutboxPage />;
  }
}
