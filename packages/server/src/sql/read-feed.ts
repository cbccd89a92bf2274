import type { Json, MutationId, Position, Scope, Snapshot } from '@holdfast/core';
import type { FeedRead, FeedRequest, FeedRow, FetchedRecord } from '../store/server-store.ts';
import { feedStatement } from './feed-statement.ts';
import type { SqlContext } from './load-records.ts';
import { type Epochs, latestEpoch, latestStamp, positionOf, type StoredMark, versionFrom } from './mark-codec.ts';
import type { SqlDatabase } from './sql-database.ts';
import { type AppliedJson, receiptFrom } from './stored-applied.ts';

interface FeedJson {
  readonly scope: string;
  readonly collection: string;
  readonly id: string;
  readonly present: boolean;
  readonly aged: boolean;
  readonly entered: string;
  readonly count: number;
  readonly epoch: number;
  readonly created: StoredMark;
  readonly deleted: StoredMark | null;
  readonly marks: Readonly<Record<string, StoredMark>>;
  readonly values: Readonly<Record<string, Json>> | null;
}

interface FetchedJson {
  readonly collection: string;
  readonly id: string;
  readonly count: number | null;
  readonly epoch: number | null;
  readonly values: Readonly<Record<string, Json>> | null;
}

/** What the statement gives, in one row. */
interface FeedAnswer {
  readonly snapshot: string;
  readonly epochs: Epochs;
  readonly rows: FeedJson[] | null;
  readonly found: number;
  readonly receipts: { readonly applied: AppliedJson; readonly scopes: Scope[] | null }[] | null;
  readonly receipts_found: number;
  readonly fetched: FetchedJson[] | null;
  readonly checksums: { readonly scope: string; readonly checksum: string }[] | null;
  readonly horizon: string | null;
  readonly durable: string | null;
}

const UNBOUNDED = 1_000_000_000;
/** Far more than a device has on its way. */
const MAX_RECEIPTS = 2_000;

/**
 * Reads by PgQ's rule, in one statement and so at one snapshot. What a cursor does not hold are the
 * transactions from its xmax on and those it lists as running: two branches, each by an index. A scope
 * that was not held before is walked by key, which ends at the limit without reading the rest.
 */
export async function readFeed(db: SqlDatabase, context: SqlContext, request: FeedRequest): Promise<FeedRead> {
  const before = new Set<Scope>(request.since?.scopes ?? []);
  const unseen = request.since === null ? null : unseenBy(request.since.snapshot);
  const [place, scope, id] = request.after ?? [-1, '', ''];
  const { receipts = { after: null }, records, checksums = false } = request;
  const [told, toldId] = receipts === 'none' ? [null, null] : (receipts.after ?? ['0', LEAST_ID]);
  const fetch = records !== undefined && records.keys.length > 0;
  const { rows } = await db.query(feedStatement(context, { fetch, checksums }), [
    request.collections,
    unseen === null ? [] : request.scopes.filter((each) => before.has(each)),
    unseen === null ? request.scopes : request.scopes.filter((each) => !before.has(each)),
    unseen?.from ?? '0',
    unseen?.running ?? [],
    place,
    scope,
    id,
    request.limit + 1,
    request.device,
    request.maxBytes ?? UNBOUNDED,
    told,
    toldId,
    MAX_RECEIPTS,
    request.agedBefore ?? null,
    ...(fetch ? [records.keys.map((key) => key.collection), records.keys.map((key) => key.id), records.allowed] : []),
  ]);
  const answer = rows[0] as unknown as FeedAnswer;
  const found = answer.rows ?? [];
  const given = answer.receipts ?? [];
  const shown = found.slice(0, request.limit);
  const more = answer.found > shown.length;
  return {
    snapshot: answer.snapshot as Snapshot,
    epoch: latestEpoch(answer.epochs),
    rows: shown.map((row) => rowFrom(row, context, answer.epochs)),
    more,
    receipts: given.map(({ applied }) => receiptFrom(applied)),
    shownIn: new Map(given.map(({ applied, scopes }) => [applied.id as MutationId, scopes ?? []])),
    moreReceipts: answer.receipts_found > given.length,
    fetched: (answer.fetched ?? []).map((each) => fetchedFrom(each, answer.epochs)),
    checksums: !checksums || more ? null : checksumsFrom(request.scopes, answer.checksums ?? []),
    horizon: answer.horizon as Snapshot | null,
    durable: answer.durable as Snapshot | null,
  };
}

const LEAST_ID = '00000000-0000-0000-0000-000000000000' as MutationId;

/** Parsed here, so that a cursor that is not well formed reads nothing instead of failing. */
function unseenBy(snapshot: Snapshot): { from: string; running: string[] } {
  const [, from = '0', running = ''] = snapshot.split(':');
  const below = running.split(',').filter((xid) => xid !== '' && BigInt(xid) < BigInt(from));
  return { from, running: [...new Set(below)] };
}

function rowFrom(row: FeedJson, context: SqlContext, epochs: Epochs): FeedRow {
  const columns = context.schema.collections.get(row.collection)?.column;
  const marks = Object.entries(row.marks).filter(([field]) => columns?.has(field));
  const all = [row.created, ...(row.deleted === null ? [] : [row.deleted]), ...marks.map(([, mark]) => mark)];
  return {
    scope: row.scope as Scope,
    collection: row.collection,
    id: row.id,
    present: row.present,
    entered: row.entered as Position,
    version: versionFrom(row.count, row.epoch, epochs),
    aged: row.aged,
    values: row.present && !row.aged ? row.values : null,
    changedIn: Object.fromEntries(row.present ? marks.map(([field, mark]) => [field, positionOf(mark)]) : []),
    createdIn: positionOf(row.created),
    stamp: latestStamp(all),
  };
}

function fetchedFrom({ collection, id, count, epoch, values }: FetchedJson, epochs: Epochs): FetchedRecord {
  if (count === null || epoch === null || values === null) return { collection, id, found: null };
  return { collection, id, found: { version: versionFrom(count, epoch, epochs), values } };
}

/** A scope without records, or one that nobody was ever in, has the checksum of nothing. */
function checksumsFrom(
  scopes: readonly Scope[],
  found: NonNullable<FeedAnswer['checksums']>,
): ReadonlyMap<Scope, string> {
  const byScope = new Map(found.map(({ scope, checksum }) => [scope, checksum]));
  return new Map(scopes.map((scope) => [scope, byScope.get(scope) ?? EMPTY_CHECKSUM]));
}

const EMPTY_CHECKSUM = '0000000000000000';
