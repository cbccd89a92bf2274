import { describeStatus } from './describe-status.ts';
import { useMessages } from './use-messages.ts';
import { useSyncStatus } from './use-sync-status.ts';

/** OP1: one quiet line that says how the link is and what is saved here. Read out when it changes. */
export function LinkStatus() {
  const status = useSyncStatus();
  const messages = useMessages();
  const { link, text } = describeStatus(status, messages);
  return (
    <p className="hf-link" data-link={link} role="status" data-testid="link-state">
      <span className="hf-link-dot" aria-hidden="true" />
      {text}
    </p>
  );
}
