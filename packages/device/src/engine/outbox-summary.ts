import type { EntryState, OutboxEntry, RecordStatus, Status } from '../device.ts';
import type { Entry } from '../outbox/entry.ts';
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
};

export interface OutboxSummary {
  readonly counts: OutboxCounts;
  /** `collection/id` → status, of every record that is not simply sent. */
  readonly records: ReadonlyMap<string, RecordStatus>;
}

/** OP2: what one entry's state means for its record. */
export function statusOf(state: EntryState): RecordStatus {
  switch (state.at) {
    case 'conflicted':
    case 'refused':
      return 'needs-attention';
    case 'blocked':
      return state.reason === 'not-live' ? 'needs-attention' : 'saved-here';
    case 'sending':
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
    const address = addressOf(collection, record);
    const status = statusOf(state);
    const before = records.get(address) ?? 'sent';
    if (WORST.indexOf(status) <= WORST.indexOf(before)) records.set(address, status);
  }
  for (const [address, status] of records) if (status === 'sent') records.delete(address);
  return { counts, records };
}

/** The summary with entries that were just written, without reading the outbox again. */
export function addPending(
  summary: OutboxSummary,
  entries: readonly { readonly collection: string; readonly record: string }[],
): OutboxSummary {
  const records = new Map(summary.records);
  for (const { collection, record } of entries) {
    const address = addressOf(collection, record);
    if (records.get(address) !== 'needs-attention') records.set(address, 'saved-here');
  }
  return { counts: { ...summary.counts, pending: summary.counts.pending + entries.length }, records };
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
