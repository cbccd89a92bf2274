import { type Cursor, type Receipt, recordPrint, type Scope, ScopeChecksum } from '@holdfast/core';
import {
  type FeedRead,
  type FeedRequest,
  type FeedRow,
  type FetchedRecord,
  recordKey,
  type StoredApplied,
} from '../store/server-store.ts';
import type { FeedEntry } from './memory-record.ts';
import type { MemoryTables } from './memory-tables.ts';
import { positionOf, seenBy } from './transaction-log.ts';

/** All of a read but what the whole store has one of. */
export function readMemory(
  tables: MemoryTables,
  request: FeedRequest,
): Pick<FeedRead, 'rows' | 'more' | 'receipts' | 'moreReceipts' | 'fetched' | 'checksums'> {
  const feed = readFeed(tables, request);
  const checksums = request.checksums && !feed.more ? checksumsOf(tables, request) : null;
  return { ...feed, ...readReceipts(tables, request), fetched: fetch(tables, request), checksums };
}

const UNBOUNDED = 1_000_000_000;

/** As many as fit, the first in any case; each is asked for when those before it do not fill the bytes. */
function withinBytes<T>(all: readonly T[], maxBytes: number, textOf: (each: T) => string | null): T[] {
  let bytes = 0;
  return all.filter((each) => {
    const fits = bytes < maxBytes;
    bytes += Buffer.byteLength(textOf(each) ?? '');
    return fits;
  });
}

function readReceipts(tables: MemoryTables, request: FeedRequest): Pick<FeedRead, 'receipts' | 'moreReceipts'> {
  const { since, device, receipts: wanted = { after: null } } = request;
  if (wanted === 'none') return { receipts: [], moreReceipts: false };
  const seen = since === null ? () => false : seenBy(since.snapshot);
  const unseen = [...(tables.receipts.get(device)?.values() ?? [])]
    .filter((row) => !seen(Number(row.position)) && (wanted.after === null || isLater(row, wanted.after)))
    .sort((a, b) => (isLater(a, [b.position, b.id]) ? 1 : -1));
  const told: Receipt[] = withinBytes(unseen, request.maxBytes ?? UNBOUNDED, ({ receipt }) =>
    JSON.stringify(receipt),
  ).map(({ receipt }) => receipt);
  return { receipts: told, moreReceipts: told.length < unseen.length };
}

function isLater(row: StoredApplied, [position, id]: readonly [string, string]): boolean {
  return row.position === position ? row.id > id : Number(row.position) > Number(position);
}

function fetch(tables: MemoryTables, { records, maxBytes }: FeedRequest): readonly FetchedRecord[] {
  const allowed = new Set(records?.allowed);
  const found = (records?.keys ?? []).map(({ collection, id }): FetchedRecord => {
    const record = tables.records.get(recordKey(collection, id));
    if (record === undefined || !record.scopes.some((scope) => allowed.has(scope))) {
      return { collection, id, found: null };
    }
    const { version, values } = record.content.state;
    return { collection, id, found: { version, values } };
  });
  return withinBytes(found, maxBytes ?? UNBOUNDED, (each) => JSON.stringify(each.found?.values ?? null));
}

function checksumsOf(tables: MemoryTables, { scopes, collections }: FeedRequest): ReadonlyMap<Scope, string> {
  const wanted = new Set(collections);
  return new Map(
    scopes.map((scope) => {
      const sum = new ScopeChecksum();
      for (const { record } of tables.feeds.get(scope)?.present() ?? []) {
        if (!wanted.has(record.collection)) continue;
        sum.add(recordPrint(record.collection, record.id, record.content.state.version));
      }
      return [scope, sum.text];
    }),
  );
}

type Placed = { readonly place: number; readonly entry: FeedEntry };

function readFeed(tables: MemoryTables, request: FeedRequest): Pick<FeedRead, 'rows' | 'more'> {
  const { since, after, limit, agedBefore = null } = request;
  const place = new Map(request.collections.map((name, index) => [name, index]));
  const found: Placed[] = [];
  for (const entry of entriesOf(tables, new Set(request.scopes), since)) {
    const at = place.get(entry.record.collection);
    if (at !== undefined && (after === null || isAfter(at, entry, after))) found.push({ place: at, entry });
  }
  found.sort(byPlace);
  const whole = wholeFor(since);
  const rows = found.slice(0, limit).map(({ entry }) => {
    const aged = agedBefore !== null && whole(entry) && entry.record.content.stamp < agedBefore;
    return feedRow(entry, aged);
  });
  return { rows, more: found.length > limit };
}

function* entriesOf(tables: MemoryTables, scopes: ReadonlySet<Scope>, since: Cursor | null): Iterable<FeedEntry> {
  const held = new Set(since?.scopes);
  const seen = since === null ? () => false : seenBy(since.snapshot);
  for (const scope of scopes) {
    const feed = tables.feeds.get(scope);
    if (feed !== undefined) yield* held.has(scope) ? feed.changes(seen) : feed.present();
  }
}

/** Would the row bring all of its record? What was held before, and had come in by then, brings its changes. */
function wholeFor(since: Cursor | null): (entry: FeedEntry) => boolean {
  const held = new Set(since?.scopes);
  const seen = since === null ? () => false : seenBy(since.snapshot);
  return ({ present, scope, entered }) => present && !(held.has(scope) && seen(entered));
}

function isAfter(
  place: number,
  { scope, record }: FeedEntry,
  [at, atScope, atId]: readonly [number, string, string],
): boolean {
  if (place !== at) return place > at;
  return scope !== atScope ? scope > atScope : record.id > atId;
}

function byPlace(a: Placed, b: Placed): number {
  if (a.place !== b.place) return a.place - b.place;
  if (a.entry.scope !== b.entry.scope) return a.entry.scope < b.entry.scope ? -1 : 1;
  return a.entry.record.id < b.entry.record.id ? -1 : 1;
}

function feedRow({ record, scope, present, entered }: FeedEntry, aged: boolean): FeedRow {
  const { content } = record;
  return {
    scope,
    collection: record.collection,
    id: record.id,
    present,
    entered: positionOf(entered),
    version: content.state.version,
    aged,
    values: present && !aged ? content.state.values : null,
    changedIn: content.changedIn,
    createdIn: positionOf(content.createdIn),
    stamp: content.stamp,
  };
}
