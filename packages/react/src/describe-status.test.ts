import type { Status, SyncPhase } from '@holdfast/device';
import { expect, test } from 'vitest';
import { describeStatus } from './describe-status.ts';
import { english } from './messages.ts';

const NOTHING = {
  pending: 0,
  sending: 0,
  waiting: 0,
  accepted: 0,
  blocked: 0,
  conflicted: 0,
  refused: 0,
  resolving: 0,
};

function status(phase: SyncPhase, link: Status['link'], outbox: Partial<Status['outbox']> = {}): Status {
  return { link, phase, outbox: { ...NOTHING, ...outbox }, progress: null, early: [], ready: true, lastSync: null };
}

const offline: SyncPhase = { at: 'offline', nextTry: 1 };
const waiting: SyncPhase = { at: 'waiting', nextTry: 1, error: 'busy' };

test.each<[string, string, Status]>([
  ['Everything is sent.', 'up', status({ at: 'idle' }, 'up')],
  ['1 entry saved here.', 'up', status({ at: 'idle' }, 'up', { pending: 1 })],
  ['No link.', 'down', status(offline, 'down')],
  ['No link. 3 entries saved here.', 'down', status(offline, 'down', { pending: 1, waiting: 1, blocked: 1 })],
  ['Looking for a link. 2 entries saved here.', 'busy', status({ at: 'idle' }, 'unknown', { pending: 2 })],
  ['The server is not answering. Trying again by itself.', 'down', status(waiting, 'up')],
  ['Sending. 1,200 entries saved here.', 'busy', status({ at: 'exchanging' }, 'up', { sending: 1200 })],
  // A try that nobody has answered yet changes nothing of what is known.
  ['Everything is sent.', 'up', status({ at: 'exchanging' }, 'up')],
  ['No link. 1 entry saved here.', 'down', status({ at: 'exchanging' }, 'down', { sending: 1 })],
  ['Looking for a link.', 'busy', status({ at: 'exchanging' }, 'unknown')],
  ['Sign in to send. 1 entry saved here.', 'stopped', status({ at: 'needs-auth' }, 'up', { pending: 1 })],
  ['Update this app to send.', 'stopped', status({ at: 'upgrade-required', detail: '' }, 'up')],
  ['Sending is paused.', 'stopped', status({ at: 'paused' }, 'up')],
  ['1 needs you.', 'up', status({ at: 'idle' }, 'up', { refused: 1 })],
  [
    'No link. 1 entry saved here. 2 need you.',
    'down',
    status(offline, 'down', { pending: 1, refused: 1, conflicted: 1 }),
  ],
  ['Everything is sent.', 'up', status({ at: 'idle' }, 'up', { accepted: 4 })],
])('[OP1] %s', (text, link, given) => {
  expect(describeStatus(given, english)).toEqual({ text, link });
});

test('[SY9] a fetch under way says how far it is', () => {
  const fetching = { ...status({ at: 'exchanging' }, 'up'), progress: { records: 1200, bytes: 1 } };
  expect(describeStatus(fetching, english).text).toBe('Fetching. 1,200 records fetched so far.');
});
