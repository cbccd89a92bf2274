import type { Status } from '@holdfast/device';
import type { Messages } from './messages.ts';

/** Which word of the catalogue stands first in the status line, and what the line's mark shows. */
type Link = 'up' | 'down' | 'busy' | 'stopped';

export interface StatusLine {
  readonly link: Link;
  readonly text: string;
}

/** Entries that are on this device and not yet known to be at the server. */
export function entriesHere({ outbox }: Status): number {
  return outbox.pending + outbox.sending + outbox.waiting + outbox.blocked;
}

/** Entries about which a person must decide. */
export function entriesNeedingYou({ outbox }: Status): number {
  return outbox.conflicted + outbox.refused;
}

/** OP1 in words: what the link does, then what is here, then what needs a person. */
export function describeStatus(status: Status, messages: Messages): StatusLine {
  const { link, lead } = leadOf(status, messages);
  const here = entriesHere(status);
  const needing = entriesNeedingYou(status);
  const fetched = status.progress?.records ?? 0;
  const parts = [
    lead,
    ...(fetched > 0 ? [messages.fetched(fetched)] : []),
    ...(here > 0 ? [messages.entriesHere(here)] : []),
    ...(needing > 0 ? [messages.entriesNeedYou(needing)] : []),
  ].filter((part) => part !== '');
  return { link, text: parts.length > 0 ? parts.join(' ') : messages.allSent };
}

function leadOf(status: Status, messages: Messages): { readonly link: Link; readonly lead: string } {
  switch (status.phase.at) {
    case 'exchanging':
      return exchangingLead(status, messages);
    case 'offline':
      return { link: 'down', lead: messages.noLink };
    case 'waiting':
      return { link: 'down', lead: status.link === 'down' ? messages.noLink : messages.tryingAgain };
    case 'needs-auth':
      return { link: 'stopped', lead: messages.signInToSend };
    case 'upgrade-required':
      return { link: 'stopped', lead: messages.updateToSend };
    case 'paused':
      return { link: 'stopped', lead: messages.paused };
    case 'idle':
      if (status.link === 'down') return { link: 'down', lead: messages.noLink };
      return status.link === 'up' ? { link: 'up', lead: '' } : { link: 'busy', lead: messages.lookingForLink };
  }
}

/** A try under way is no news: until it is answered the line says what is known, and does not flicker. */
function exchangingLead(status: Status, messages: Messages): { readonly link: Link; readonly lead: string } {
  if (status.link === 'down') return { link: 'down', lead: messages.noLink };
  if (status.progress !== null) return { link: 'busy', lead: messages.fetching };
  if (entriesHere(status) > 0) return { link: 'busy', lead: messages.sendingNow };
  return status.link === 'up' ? { link: 'up', lead: '' } : { link: 'busy', lead: messages.lookingForLink };
}
