import {
  type Cursor,
  holds,
  type JsonObject,
  type Page,
  type RecordGroup,
  type Scope,
  type Stamp,
  sameJson,
  versionCount,
  versionEpoch,
} from '@holdfast/core';
import { type FeedRow, recordKey } from '../store/server-store.ts';

export interface BuiltPage {
  readonly page: Page;
  /** How many of the rows are in it; the rest did not fit. */
  readonly taken: number;
}

/** What the request has just created, by `recordKey`; null where it is not certain with which values. */
export type Created = ReadonlyMap<string, JsonObject | null>;

const NOTHING: Created = new Map();

/** Bytes that a row adds beside its record: its share of the group's head, its id in a list of scopes. */
const ROW_BYTES = 64;

/**
 * Makes a page of rows as the feed gave them, for a device that has read `since`. One row at the least,
 * so that a catch-up always moves; then as many as fit into `maxBytes`. `stamped`: each record tells its
 * highest stamp. `created`: of records that stand there as they were created, the values are left out.
 */
export function buildPage(
  rows: readonly FeedRow[],
  since: Cursor | null,
  maxBytes: number,
  stamped = false,
  created: Created = NOTHING,
): BuiltPage {
  const held = new Set(since?.scopes);
  const records = new Map<string, PageRecord>();
  let stamp: Stamp | null = null;
  let bytes = 0;
  let taken = 0;
  for (const row of rows) {
    const key = recordKey(row.collection, row.id);
    const before = records.get(key);
    const record = joined(before, row, since, held, created.get(key) ?? null);
    const size = Buffer.byteLength(JSON.stringify(record.fields)) - (before?.bytes ?? 0);
    if (taken > 0 && bytes + size + ROW_BYTES > maxBytes) break;
    records.set(key, { ...record, bytes: size + (before?.bytes ?? 0) });
    bytes += size + ROW_BYTES;
    taken += 1;
    if (stamp === null || row.stamp > stamp) stamp = row.stamp;
  }
  return { page: { groups: groupsOf(records.values(), stamped), stamp }, taken };
}

interface PageRecord {
  readonly row: FeedRow;
  readonly in: readonly Scope[];
  readonly out: readonly Scope[];
  /** The device holds it by one of these scopes and had it at its cursor: changes are enough. */
  readonly delta: boolean;
  /** The device has just said what its values are. */
  readonly own: boolean;
  readonly fields: JsonObject;
  readonly bytes: number;
}

/** One record may be in several scopes: their rows become one entry. */
function joined(
  before: PageRecord | undefined,
  row: FeedRow,
  since: Cursor | null,
  held: ReadonlySet<Scope>,
  created: JsonObject | null,
): Omit<PageRecord, 'bytes'> {
  const delta = before?.delta === true || isDelta(row, since, held);
  const present = row.present && !(row.aged && before?.row.present) ? row : (before?.row ?? row);
  const own = created !== null && !delta && present.present && !present.aged && sameValues(created, present.values);
  return {
    row: present,
    in: row.present ? [...(before?.in ?? []), row.scope] : (before?.in ?? []),
    out: row.present ? (before?.out ?? []) : [...(before?.out ?? []), row.scope],
    delta,
    own,
    fields: own ? {} : fieldsOf(present, delta ? since : null),
  };
}

/** A field that was not set is null. */
function sameValues(created: JsonObject, values: JsonObject | null): boolean {
  if (values === null || !Object.keys(created).every((field) => Object.hasOwn(values, field))) return false;
  return Object.entries(values).every(([field, value]) => sameJson(value, created[field] ?? null));
}

/** Reading rule 2: only what was present in a scope that the device held, and had come in before its cursor. */
function isDelta(row: FeedRow, since: Cursor | null, held: ReadonlySet<Scope>): boolean {
  return row.present && since !== null && held.has(row.scope) && holds(since.snapshot, row.entered);
}

/** SY10: every field, or those that changed in a transaction the cursor does not hold. */
function fieldsOf(row: FeedRow, since: Cursor | null): JsonObject {
  if (row.values === null) return {};
  if (since === null) return row.values;
  const changed = Object.entries(row.changedIn).filter(([, position]) => !holds(since.snapshot, position));
  return Object.fromEntries(changed.map(([field]) => [field, row.values?.[field] ?? null]));
}

function groupsOf(records: Iterable<PageRecord>, stamped: boolean): RecordGroup[] {
  const groups = new Map<string, RecordGroup>();
  for (const { row, in: scopes, out, delta, own, fields } of records) {
    const head = {
      collection: row.collection,
      epoch: versionEpoch(row.version),
      in: [...scopes].sort(),
      out: [...out].sort(),
      whole: scopes.length > 0 && !delta && !row.aged,
      aged: scopes.length > 0 && !delta && row.aged,
      ...(own && { own }),
    };
    const key = JSON.stringify(head);
    const group = groups.get(key);
    const record: RecordGroup['records'][number] = [row.id, versionCount(row.version), fields];
    if (stamped && scopes.length > 0) record.push(row.stamp);
    if (group === undefined) groups.set(key, { ...head, records: [record] });
    else group.records.push(record);
  }
  return [...groups.values()];
}
