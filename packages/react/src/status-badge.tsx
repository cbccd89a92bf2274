import type { RecordStatus } from '@holdfast/device';
import type { Messages } from './messages.ts';
import { StateMark } from './state-mark.tsx';
import { useMessages } from './use-messages.ts';

const WORDS = {
  'saved-here': 'savedHere',
  sending: 'sending',
  sent: 'sent',
  'needs-attention': 'needsYou',
} as const satisfies Record<RecordStatus, keyof Messages>;

/** A status as word, shape and colour. */
export function StatusBadge({ status }: { readonly status: RecordStatus }) {
  const messages = useMessages();
  return (
    <span className="hf-badge" data-status={status} data-testid="badge">
      <StateMark status={status} />
      {messages[WORDS[status]]}
    </span>
  );
}
