import { LinkStatus } from '@holdfast/react';
import { Button } from 'react-aria-components/Button';
import { useAppUpdate } from './app-update.ts';
import { useDevice } from './hooks.ts';
import { messages } from './messages.ts';
import { Ring } from './outbox/ring.tsx';
import { useToday } from './outbox/use-today.ts';
import { hrefOf } from './route.ts';
import { useSignedIn } from './session/session-context.ts';

const m = messages.header;

/** Who one is, how the link is, and what is sent: one look, on every page. */
export function Header() {
  const device = useDevice();
  const { person } = useSignedIn();
  const { sent, all } = useToday();
  const update = useAppUpdate();
  return (
    <header className="header">
      <div className="header-line">
        <h1>
          <a className="brand" href={hrefOf({ at: 'list' })}>
            {messages.appName}
          </a>
        </h1>
        <a
          className="header-ring"
          href={hrefOf({ at: 'outbox' })}
          aria-label={`${all === 0 ? m.sendingPage : m.sendingPageToday(sent, all)}. ${person.name}`}
          data-testid="outbox-link"
        >
          <span className="header-person">{person.name}</span>
          <Ring done={sent} all={all} size={32} />
        </a>
      </div>
      <div className="header-line">
        <LinkStatus />
        <Button className="button text" onPress={() => void device.sync()} data-testid="send-now">
          {m.sendNow}
        </Button>
      </div>
      {update === null ? null : (
        <div className="header-line header-update" role="status">
          <p>{m.updateReady}</p>
          <Button className="button text" onPress={update}>
            {m.updateNow}
          </Button>
        </div>
      )}
    </header>
  );
}
