/** An entry of the outbox in plain words. */
import type { EntryState, OutboxEntry, RecordStatus } from '@holdfast/device';
import { messages } from '../messages.ts';

const m = messages.outbox;

/** What was done, such as "Visit changed". */
export function whatOf({ kind, collection }: Pick<OutboxEntry, 'kind' | 'collection'>): string {
  // What brings a record back reads as a change of it.
  const done = kind === 'create' || kind === 'delete' ? kind : 'update';
  const words: Readonly<Record<string, string>> = m[done];
  return words[collection] ?? m[done].other;
}

/** Where it stands, and what happens next or what to do. */
export function standingOf(state: EntryState): string {
  switch (state.at) {
    case 'pending':
      return m.pending;
    case 'sending':
    case 'resolving':
      return m.sending;
    case 'waiting':
      return m.retrying;
    case 'accepted':
      return m.accepted;
    case 'blocked':
      return { 'not-live': m.blockedNotLive, held: m.held, 'maybe-sent': m.maybeSent }[state.reason];
    case 'conflicted':
      return m.conflicted;
    case 'refused':
      return m.refused(state.receipt.outcome === 'refused' ? m.reasons[state.receipt.reason] : '');
  }
}

/** The badge that fits. */
export function statusOf(state: EntryState): RecordStatus {
  if (state.at === 'conflicted' || state.at === 'refused') return 'needs-attention';
  if (state.at === 'blocked' && state.reason === 'maybe-sent') return 'needs-attention';
  return state.at === 'sending' || state.at === 'accepted' ? 'sending' : 'saved-here';
}
