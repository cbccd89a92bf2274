import {
  type FieldMark,
  type Json,
  must,
  type RecordState,
  type UserId,
  type Version,
  versionCount,
  versionOf,
} from '@holdfast/core';
import type { RecordBatch, StampedChange } from './server-store.ts';

/** Whose change it is and which version it makes. */
export interface Authorship {
  readonly version: Version;
  readonly by: UserId | null;
  readonly authority: string | null;
}

/** The version of the next change to a record; its count goes on after a delete, and over epochs. */
export function nextVersion(prior: RecordState | null, epoch: Parameters<typeof versionOf>[0]): Version {
  return versionOf(epoch, prior === null ? 1 : versionCount(prior.version) + 1);
}

/**
 * A record after one row of a batch. The server decides on a working copy made by this, and the
 * in-memory store writes by it; the databases' triggers do the same in SQL.
 */
export function nextState(
  prior: RecordState | null,
  kind: RecordBatch['kind'],
  changes: readonly StampedChange[],
  authorship: Authorship,
): RecordState {
  const markFor = (change: StampedChange): FieldMark => ({
    version: authorship.version,
    stamp: change.stamp,
    tie: change.tie,
    authority: authorship.authority,
    by: authorship.by,
  });
  const first = must(changes[0], 'the change of a batch row');
  const { version } = authorship;
  if (kind === 'delete') return { ...must(prior, 'the record to delete'), version, deleted: markFor(first) };
  const inserted = kind === 'insert';
  const before = inserted ? null : must(prior, 'the record to update');
  const values: Record<string, Json> = { ...before?.values };
  const marks: Record<string, FieldMark> = { ...before?.marks };
  for (const [index, change] of changes.entries()) {
    Object.assign(values, change.values);
    if (inserted && index === 0) continue;
    const mark = markFor(change);
    for (const field of Object.keys(change.values)) marks[field] = mark;
  }
  return { version, values, marks, created: before?.created ?? markFor(first), deleted: null };
}
