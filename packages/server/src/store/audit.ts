import type {
  DeviceId,
  Json,
  LossRule,
  MutationId,
  Refusal,
  Scope,
  Snapshot,
  Stamp,
  TransactionId,
  UserId,
} from '@holdfast/core';
import type { RecordKey } from './record-key.ts';

type Values = Readonly<Record<string, Json>>;

/**
 * What happened to a value besides being written. `lost`: the mutation's value, to what was there;
 * `overrode`: what was there, unseen, to the mutation's; `clamped`: its stamp was ahead of the server's clock;
 * `overwritten`: what a person had written, to another program that wrote straight in SQL (SV4).
 */
export type AuditEvent =
  | 'overwritten'
  | 'lost'
  | 'overrode'
  | 'conflict'
  | 'refused'
  | 'discarded'
  | 'resolved'
  | 'clamped';

/** Who lost which value, to whom and by which rule. Holds personal data, and goes into no log. */
export interface AuditEntry {
  readonly event: AuditEvent;
  /** Whose mutation it is; of another program's change the database role. */
  readonly user: UserId;
  /** These three are null for another program's change. */
  readonly device: DeviceId | null;
  readonly transaction: TransactionId | null;
  readonly mutation: MutationId | null;
  /** Empty for what is about no one record. */
  readonly collection: string;
  readonly record: string;
  readonly rule: LossRule | Refusal | 'manual' | null;
  /** The other person; null where nobody is known. */
  readonly other: string | null;
  /** What the mutation brought, and what stood there. */
  readonly mine: Values;
  readonly theirs: Values;
  /** As it counts; null where the mutation has none, and for a group of several. */
  readonly stamp: Stamp | null;
  /** As it was sent, where it was clamped (CF10). */
  readonly rawStamp: Stamp | null;
  /** What was resolved. */
  readonly target: MutationId | null;
}

export interface StoredAuditEntry extends AuditEntry {
  /** Grows with each entry; not with each commit. */
  readonly number: number;
  /** The server's time, in milliseconds since 1970. */
  readonly at: number;
}

/** What somebody's applied work lost later to another who had not seen it. */
export interface OverriddenRequest {
  readonly user: UserId;
  /** Of transactions that the one does not hold and the other does. */
  readonly after: Snapshot;
  readonly upTo: Snapshot;
  /** Of records in one of these now, a deleted one by where it was. */
  readonly scopes: readonly Scope[];
  readonly collections: readonly string[];
  /** The newest so many. */
  readonly limit: number;
}

/** By record, or by user: whoever's mutation it was, or whose value it met. */
export interface AuditRequest {
  readonly of: { readonly record: RecordKey } | { readonly user: UserId };
  /** Entries below this number; null for the newest. */
  readonly before: number | null;
  readonly limit: number;
}

export interface AuditPage {
  readonly entries: readonly StoredAuditEntry[];
  /** `before` of the next page; null when there is none. */
  readonly next: number | null;
}
