import {
  type CatchUp,
  type Cursor,
  type DeviceId,
  type Epoch,
  type ExchangeRequest,
  type ExchangeResponse,
  limits,
  type Page,
  type Receipt,
  reaches,
  type Schema,
  type Scope,
  type Snapshot,
  snapshotEnd,
  stampOf,
  type UserId,
} from '@holdfast/core';
import { buildPage, type Created } from '../feed/build-page.ts';
import { FROM_NOTHING, goneScopes, partsOf, planNext, planRead, type ReadPlan } from '../feed/plan-catch-up.ts';
import type { FeedRead, FeedRequest, FeedRow, ReceiptPlace, ServerStore } from '../store/server-store.ts';

export type Pulled = Pick<
  ExchangeResponse,
  | 'epoch'
  | 'pages'
  | 'whole'
  | 'fetched'
  | 'checksums'
  | 'overridden'
  | 'gone'
  | 'cursor'
  | 'catchUp'
  | 'durable'
  | 'horizon'
> &
  Pick<FeedRead, 'receipts' | 'shownIn'>;

/** Who reads: all the scopes that the token allows, and the server's time. */
export interface Reader {
  readonly user: UserId;
  readonly allowed: readonly Scope[];
  readonly nowMs: number;
  /** What this request has created. */
  readonly created?: Created;
}

type Reading = Extract<ReadPlan, { kind: 'read' }>;

/** Rows of one read at the most, and the bytes that one row has at the least. */
const MAX_ROWS = 5_000;
const ROW_BYTES = 100;
/** More than somebody would look through. */
const MAX_OVERRIDDEN = 500;
/** A page has room for something, however much the receipts take. */
const LEAST_BYTES = 1_024;

/** Brings one page of what changed for this device, by one read of what it may see and wants. */
export async function pull(
  store: ServerStore,
  order: readonly string[],
  { user, allowed, nowMs, created }: Reader,
  request: ExchangeRequest,
): Promise<Pulled> {
  const { want } = request;
  const device: DeviceId = request.device;
  const scopes = narrowed(allowed, want.scopes);
  const collections = narrowed(order, want.collections);
  const maxBytes = Math.min(want.maxBytes ?? limits.pageBytes, limits.pageBytes);
  const limit = Math.min(MAX_ROWS, Math.ceil(maxBytes / ROW_BYTES));
  const common = { device, scopes, collections, limit, maxBytes };
  const agedBefore = want.youngerThanMs === null ? null : stampOf(nowMs - want.youngerThanMs, 0);
  const readBy = (plan: ReadPlan): Promise<FeedRead> => {
    const { since, after, first, told } = plan.kind === 'read' ? plan : FROM_NOTHING;
    return store.read({
      ...common,
      since,
      after: rowAfter(collections, after),
      // Of a plan to begin anew only what is true of the whole store is looked at.
      ...(plan.kind === 'again' ? { limit: 1 } : {}),
      receipts: plan.kind === 'read' && after === null ? { after: told } : 'none',
      agedBefore,
      records: {
        keys: want.records.map(({ collection, record }) => ({ collection, id: record })),
        allowed,
      },
      checksums: want.checksums && plan.kind === 'read' && first === null,
    });
  };
  const planFor = (epoch: Epoch) => planRead(request, scopes, collections, epoch);

  let planned = store.epoch;
  let plan = planFor(planned);
  let read = await readBy(plan);
  // Another process began an epoch: the plan was made for the one before.
  for (; read.epoch !== planned; read = await readBy(plan)) {
    planned = read.epoch;
    plan = planFor(planned);
  }
  if (plan.kind === 'read' && isUseless(plan, request.catchUp, read)) {
    // What a catch-up staged was read of what is no more; a cursor is just given up.
    plan = request.catchUp === null ? FROM_NOTHING : { kind: 'again' };
    read = await readBy(plan);
  }
  const { epoch, durable, horizon } = read;
  const answer = { epoch, fetched: fetchedFrom(read), shownIn: read.shownIn, durable, horizon };
  if (plan.kind === 'again') {
    const nothing = { pages: [], whole: [], receipts: [], checksums: null, gone: [] };
    return { ...answer, ...nothing, cursor: null, catchUp: null };
  }
  const gone = goneScopes(request.cursor, scopes);
  const { receipts } = read;
  if (read.moreReceipts) {
    const end = { row: null, receipt: receiptPlace(receipts.at(-1)), part: null };
    const next = planNext(plan, read.snapshot, scopes, end);
    return { ...answer, pages: [], whole: [], receipts, checksums: null, gone, ...next };
  }
  const room = Math.max(LEAST_BYTES, maxBytes - bytesOf(receipts));
  const { page, taken } = buildPage(read.rows, plan.since, room, agedBefore !== null, created);
  const ended = taken === read.rows.length && !read.more;
  const last = ended ? null : placeOf(read.rows[taken - 1]);
  const parts = partsOf(plan, collections, read.snapshot, last);
  const next = planNext(plan, read.snapshot, scopes, { row: last, receipt: null, part: parts.part });
  const pages = taken === 0 ? [] : [page];
  const whole = [...parts.whole];
  if (parts.mend !== null && next.cursor === null) {
    const since: Cursor = { snapshot: parts.mend.since, scopes: [...scopes] };
    const mended = await mend(store, { ...common, collections: [parts.mend.collection], agedBefore }, since, maxBytes);
    if (mended !== null) {
      pages.push(...mended);
      whole.unshift(parts.mend.collection);
    }
  }
  const checksums = next.cursor === null ? null : checksumsFrom(read);
  // What was overridden is of a record that comes now, or came with an earlier page.
  const mayBe = next.cursor !== null && request.epoch === epoch && (taken > 0 || request.catchUp !== null);
  if (mayBe && request.cursor !== null) {
    const [after, upTo] = [request.cursor.snapshot, read.snapshot];
    const overridden = await store.readOverridden({ user, after, upTo, scopes, collections, limit: MAX_OVERRIDDEN });
    if (overridden.length > 0) Object.assign(answer, { overridden });
  }
  return { ...answer, pages, whole: next.cursor === null ? whole : [], receipts, checksums, gone, ...next };
}

/**
 * What changed in a collection since its first page was read: with it the collection is as it is at one
 * moment, and no transaction is seen in part. Null where that does not fit beside the page.
 */
async function mend(
  store: ServerStore,
  request: Omit<FeedRequest, 'since' | 'after'>,
  since: Cursor,
  maxBytes: number,
): Promise<Page[] | null> {
  const read = await store.read({ ...request, since, after: null, receipts: 'none' });
  if (read.horizon !== null && !reaches(since.snapshot, read.horizon)) return null;
  const { page, taken } = buildPage(read.rows, since, maxBytes, request.agedBefore !== null);
  if (read.more || taken < read.rows.length) return null;
  return taken === 0 ? [] : [page];
}

/**
 * It was read of transactions that have not happened here, for the database was put back to an earlier
 * day; or tombstones are forgotten that it has not read (SY11, hazard A9).
 */
function isUseless({ since, first }: Reading, catchUp: CatchUp | null, read: FeedRead): boolean {
  const seen = [since?.snapshot, first?.snapshot, catchUp?.since?.snapshot];
  const ahead = seen.some((snapshot) => snapshot !== undefined && isAhead(snapshot, read.snapshot));
  return ahead || (since !== null && read.horizon !== null && !reaches(since.snapshot, read.horizon));
}

function isAhead(seen: Snapshot, now: Snapshot): boolean {
  return snapshotEnd(seen) > snapshotEnd(now);
}

/** What is allowed, narrowed to what is wanted; never more. */
function narrowed<T extends string>(allowed: readonly T[], wanted: readonly string[] | null): readonly T[] {
  if (wanted === null) return allowed;
  const set = new Set(wanted);
  return allowed.filter((each) => set.has(each));
}

/** Collections of higher priority first, so that they are usable before a first catch-up ends (SY9). */
export function sendingOrder(schema: Schema): readonly string[] {
  const collections = [...schema.collections.values()];
  return collections.sort((a, b) => a.priority - b.priority || a.index - b.index).map(({ name }) => name);
}

function placeOf(row: FeedRow | undefined): CatchUp['after'] {
  return row === undefined ? null : [row.collection, row.scope, row.id];
}

function rowAfter(order: readonly string[], after: CatchUp['after']): FeedRequest['after'] {
  return after === null ? null : [order.indexOf(after[0]), after[1], after[2]];
}

function receiptPlace(receipt: Receipt | undefined): [...ReceiptPlace] | null {
  return receipt === undefined ? null : [receipt.position, receipt.id];
}

function bytesOf(receipts: readonly Receipt[]): number {
  return receipts.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(receipts));
}

function fetchedFrom({ fetched }: FeedRead): ExchangeResponse['fetched'] {
  return fetched.map(({ collection, id, found }) => ({
    collection,
    record: id as ExchangeResponse['fetched'][number]['record'],
    found: found === null ? null : { version: found.version, values: { ...found.values } },
  }));
}

function checksumsFrom({ checksums }: FeedRead): ExchangeResponse['checksums'] {
  return checksums === null ? null : [...checksums].map(([scope, checksum]) => ({ scope, checksum }));
}
