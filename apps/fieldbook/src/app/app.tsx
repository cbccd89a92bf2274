import { type ErrorCode, hasCode } from '@holdfast/core';
import { HoldfastProvider } from '@holdfast/react';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { Button } from 'react-aria-components/Button';
import { dropDrafts } from './forms/drafts.ts';
import { messages } from './messages.ts';
import { ChoosePerson } from './session/choose-person.tsx';
import type { Person } from './session/person.ts';
import type { Session } from './session/session.ts';
import { SessionContext } from './session/session-context.ts';
import { Shell } from './shell.tsx';

/** The app, from the choice of a person to their open book. */
export function App({ session }: { readonly session: Session }) {
  const state = useSyncExternalStore(session.subscribe, session.get);
  const person = state.at === 'choosing' ? null : state.person;
  const signedIn = useMemo(() => person && { person, leave: () => void leave(session) }, [person, session]);
  switch (state.at) {
    case 'choosing':
      return <ChoosePerson onChoose={(chosen) => void session.choose(chosen)} />;
    case 'opening':
      return <Opening person={state.person} />;
    case 'failed':
      return (
        <Trouble
          error={state.error}
          onRetry={() => void session.choose(state.person)}
          onLeave={() => void leave(session)}
        />
      );
    case 'open':
      return signedIn === null ? null : (
        <HoldfastProvider device={state.device}>
          <SessionContext value={signedIn}>
            <Shell />
          </SessionContext>
        </HoldfastProvider>
      );
  }
}

async function leave(session: Session): Promise<void> {
  dropDrafts();
  window.location.hash = '';
  await session.leave();
}

/** Words only beyond 150 ms: the store is nearly always faster. */
function Opening({ person }: { readonly person: Person }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main className="gate" aria-busy="true">
      <p className="quiet" role="status">
        {late ? messages.session.opening(person.name) : ''}
      </p>
    </main>
  );
}

interface TroubleProps {
  readonly error: unknown;
  readonly onRetry: () => void;
  readonly onLeave: () => void;
}

const TOLD = ['StoreBusy', 'StoreNewer', 'WrongKey', 'StoreDamaged', 'StoreFull'] as const satisfies ErrorCode[];

function Trouble({ error, onRetry, onLeave }: TroubleProps) {
  const m = messages.trouble;
  const code = TOLD.find((each) => hasCode(error, each));
  return (
    <main className="gate" role="alert">
      <h1>{m.heading}</h1>
      <p>{m[code ?? 'other']}</p>
      <div className="gate-actions">
        <Button className="button primary" onPress={onRetry}>
          {m.tryAgain}
        </Button>
        <Button className="button" onPress={onLeave}>
          {messages.session.changePerson}
        </Button>
      </div>
    </main>
  );
}
