import type { ConflictSides, DeviceId, Mutation, MutationId, Refusal, TransactionId, UserId } from '@holdfast/core';

/**
 * A transaction that was refused or conflicted, kept as it was sent, so that somebody can mend it (SV9).
 * Holds personal data, and goes into no log.
 */
export interface BayEntry {
  /** The id of its first mutation. */
  readonly id: MutationId;
  readonly transaction: TransactionId;
  readonly user: UserId;
  readonly role: string | null;
  readonly device: DeviceId;
  readonly outcome: 'refused' | 'conflict';
  /** Of the mutation that the others were refused with; null for a conflict. */
  readonly reason: Refusal | null;
  readonly detail: string | null;
  readonly mutations: readonly Mutation[];
  /** Both sides of each mutation that conflicted. */
  readonly sides: readonly { readonly mutation: MutationId; readonly sides: ConflictSides }[];
}

export interface StoredBayEntry extends BayEntry {
  /** Grows with each entry; not with each commit. */
  readonly number: number;
  /** The server's time, in milliseconds since 1970. */
  readonly at: number;
  /** The mutation that stands for it; null while it waits. */
  readonly resolvedBy: MutationId | null;
  readonly resolvedAt: number | null;
}

export interface BayRequest {
  /** Of one author only; null for all. */
  readonly user: UserId | null;
  /** Only what waits. */
  readonly open: boolean;
  /** Entries below this number; null for the newest. */
  readonly before: number | null;
  readonly limit: number;
}

export interface BayPage {
  readonly entries: readonly StoredBayEntry[];
  /** `before` of the next page; null when there is none. */
  readonly next: number | null;
}
