import type {
  CatchUp,
  Cursor,
  DeviceId,
  ExchangeRequest,
  Page,
  Receipt,
  Schema,
  Scope,
  Snapshot,
} from '@holdfast/core';
import { limits, snapshotEnd } from '@holdfast/core';
import { buildPage } from '../feed/build-page.ts';
import { goneScopes, planNext, planRead } from '../feed/plan-catch-up.ts';
import type { FeedRow, ServerStore } from '../store/server-store.ts';

export interface Pulled {
  readonly pages: Page[];
  readonly receipts: readonly Receipt[];
  readonly gone: Scope[];
  readonly cursor: Cursor | null;
  readonly catchUp: CatchUp | null;
}

/** Rows of one read at the most, and the bytes that one row has at the least. */
const MAX_ROWS = 2_000;
const ROW_BYTES = 100;

/** Brings one page of what changed for this device, by one read. `scopes`: all that it may see and wants. */
export async function pull(
  store: ServerStore,
  order: readonly string[],
  scopes: readonly Scope[],
  request: ExchangeRequest,
): Promise<Pulled> {
  let plan = planRead(request, scopes, store.epoch);
  if (plan.kind === 'again') return { pages: [], receipts: [], gone: [], cursor: null, catchUp: null };
  const maxBytes = Math.min(request.want.maxBytes ?? limits.pageBytes, limits.pageBytes);
  const device: DeviceId = request.device;
  const limit = Math.min(MAX_ROWS, Math.ceil(maxBytes / ROW_BYTES));
  const readBy = ({ since, after }: typeof plan & { kind: 'read' }) =>
    store.read({ device, scopes, since, collections: order, after, limit, maxBytes });
  let read = await readBy(plan);
  if (isAhead(plan.since?.snapshot ?? plan.first?.snapshot, read.snapshot)) {
    // It has seen transactions that have not happened here: the database was put back to an earlier day.
    plan = { kind: 'read', since: null, first: null, after: null };
    read = await readBy(plan);
  }
  const { since } = plan;
  const { page, taken } = buildPage(read.rows, since, maxBytes);
  const ended = taken === read.rows.length && !read.more;
  const last = ended ? null : placeOf(order, read.rows[taken - 1]);
  return {
    pages: taken === 0 ? [] : [page],
    receipts: read.receipts,
    gone: goneScopes(request.cursor, scopes),
    ...planNext(plan, read.snapshot, scopes, last),
  };
}

function isAhead(seen: Snapshot | undefined, now: Snapshot): boolean {
  return seen !== undefined && snapshotEnd(seen) > snapshotEnd(now);
}

/** Collections of higher priority first, so that they are usable before a first catch-up ends (SY9). */
export function sendingOrder(schema: Schema): readonly string[] {
  const collections = [...schema.collections.values()];
  return collections.sort((a, b) => a.priority - b.priority || a.index - b.index).map(({ name }) => name);
}

function placeOf(order: readonly string[], row: FeedRow | undefined): CatchUp['after'] {
  return row === undefined ? null : [order.indexOf(row.collection), row.scope, row.id];
}
