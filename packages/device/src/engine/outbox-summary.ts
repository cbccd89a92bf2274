import type { OutboxEntry, RecordStatus, Status } from '../device.ts';
import type { Entry } from '../outbox/entry.ts';
import type { EntryState } from '../outbox/entry-state.ts';
import { addressOf } from '../write/plan-write.ts';

export type OutboxCounts = Status['outbox'];

export const EMPTY_COUNTS: OutboxCounts = {
  pending: 0,
  sending: 0,
  waiting: 0,
  accepted: 0,
  blocked: 0,
  conflicted: 0,
  refused: 0,
  resolving: 0,
};

export interface OutboxSummary {
  readonly counts: OutboxCounts;
  /** `collection/id` → status, of every record that is not simply sent. Grows in place with each write. */
  readonly records: Map<string, RecordStatus>;
}

/** What changed of the records' statuses: all of them, or these. */
export type RecordNews =
  | { readonly kind: 'all'; readonly records: ReadonlyMap<string, RecordStatus> }
  | { readonly kind: 'some'; readonly records: readonly (readonly [address: string, status: RecordStatus])[] };

/** OP2: what one entry's state means for its record. */
export function statusOf(state: EntryState): RecordStatus {
  switch (state.at) {
    case 'conflicted':
    case 'refused':
      return 'needs-attention';
    case 'blocked':
      return state.reason === 'held' ? 'saved-here' : 'needs-attention';
    case 'sending':
    case 'resolving':
      return 'sending';
    case 'accepted':
      return 'sent';
    case 'pending':
    case 'waiting':
      return 'saved-here';
  }
}

const WORST: readonly RecordStatus[] = ['needs-attention', 'saved-here', 'sending', 'sent'];

/** Counts by state, and for each record the worst that any of its entries says. */
export function summarize(entries: readonly Pick<Entry, 'collection' | 'record' | 'state'>[]): OutboxSummary {
  const counts: Record<EntryState['at'], number> = { ...EMPTY_COUNTS };
  const records = new Map<string, RecordStatus>();
  for (const { collection, record, state } of entries) {
    counts[state.at] += 1;
    if (collection === '') continue;
    const address = addressOf(collection, record);
    const status = statusOf(state);
    const before = records.get(address) ?? 'sent';
    if (WORST.indexOf(status) <= WORST.indexOf(before)) records.set(address, status);
  }
  for (const [address, status] of records) if (status === 'sent') records.delete(address);
  return { counts, records };
}

/**
 * Takes entries in that were just written, without reading the outbox again: what a write costs must not grow with
 * what waits. Gives the statuses that changed.
 */
export function addPending(
  summary: OutboxSummary,
  entries: readonly { readonly collection: string; readonly record: string }[],
): readonly (readonly [string, RecordStatus])[] {
  const changed: [string, RecordStatus][] = [];
  for (const { collection, record } of entries) {
    if (collection === '') continue;
    const address = addressOf(collection, record);
    const before = summary.records.get(address);
    if (before === 'needs-attention' || before === 'saved-here') continue;
    summary.records.set(address, 'saved-here');
    changed.push([address, 'saved-here']);
  }
  return changed;
}

/** An entry as an app sees it. */
export function toOutboxEntry(entry: Entry): OutboxEntry {
  return {
    id: entry.id,
    transaction: entry.transaction,
    kind: entry.content.kind,
    collection: entry.collection,
    record: entry.record,
    priority: entry.priority,
    madeAt: entry.madeAt,
    tries: entry.tries,
    state: entry.state,
  };
}
