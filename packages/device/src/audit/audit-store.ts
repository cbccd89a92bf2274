import type { Json, Loss, MutationId } from '@holdfast/core';
import type { Entry } from '../outbox/entry.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';
import { markOverridden } from './overridden-store.ts';

/**
 * What an audit entry tells. `lost`: values that were not taken over (CF4, CF5, CF6). `cancelled`: an unsent
 * create and its delete took each other away (OB6). The others are what a person decided about an entry (OB10,
 * OB11), or that it came too late, or that somebody else had decided before.
 */
export type AuditKind =
  | 'lost'
  | 'cancelled'
  | 'discarded'
  | 'resent'
  | 'edited'
  | 'resolved'
  | 'exported'
  | 'too-late'
  | 'resolved-elsewhere';

/** Who changed or lost which value, when, by which rule, with both values. */
export interface AuditEntry {
  readonly seq: number;
  /** Milliseconds since 1970, by this device's clock. */
  readonly at: number;
  readonly what: AuditKind;
  readonly mutation: string | null;
  readonly user: string | null;
  readonly collection: string;
  readonly record: string;
  readonly detail: Json;
}

/** Which audit entries: of one record, or of one user; the latest first. */
export type AuditFilter =
  | { readonly collection: string; readonly record: string; readonly limit?: number }
  | { readonly user: string; readonly limit?: number };

const DEFAULT_LIMIT = 200;

export async function appendAudit(
  tx: WriteTx,
  what: AuditKind,
  entry: Pick<Entry, 'user' | 'collection' | 'record'> & { readonly id: MutationId | null },
  detail: object | null,
  nowMs: number,
): Promise<void> {
  await tx.run(
    'INSERT INTO hf_audit (at, mutation, user, collection, record, what, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [nowMs, entry.id, entry.user, entry.collection, entry.record, what, JSON.stringify(detail)],
  );
}

/**
 * Notes what a merged mutation lost, also for the user whose value stands instead; a higher rank's marks the
 * record as overridden (CF6).
 */
export async function noteLosses(
  tx: WriteTx,
  entry: Pick<Entry, 'user' | 'collection' | 'record'> & { readonly id: MutationId | null },
  lost: readonly Loss[],
  nowMs: number,
): Promise<void> {
  await appendAudit(tx, 'lost', entry, lost, nowMs);
  for (const { mine, kept, by, rule } of lost) {
    if (rule === 'authority') await markOverridden(tx, { ...entry, at: nowMs, by, mine, kept });
  }
}

export async function readAudit(tx: ReadTx, filter: AuditFilter): Promise<AuditEntry[]> {
  const limit = filter.limit ?? DEFAULT_LIMIT;
  const rows =
    'user' in filter
      ? await tx.all('SELECT * FROM hf_audit WHERE user = ? ORDER BY seq DESC LIMIT ?', [filter.user, limit])
      : await tx.all('SELECT * FROM hf_audit WHERE collection = ? AND record = ? ORDER BY seq DESC LIMIT ?', [
          filter.collection,
          filter.record,
          limit,
        ]);
  return rows.map((row) => ({
    seq: row.seq as number,
    at: row.at as number,
    what: row.what as AuditKind,
    mutation: row.mutation as string | null,
    user: row.user as string | null,
    collection: row.collection as string,
    record: row.record as string,
    detail: JSON.parse(row.detail as string) as Json,
  }));
}
