import {
  type DeviceId,
  type Epoch,
  fingerprint,
  type Mutation,
  type MutationId,
  type Receipt,
  type Schema,
  type Scope,
  type Stamp,
  type TransactionId,
  type UserId,
} from '@holdfast/core';
import type { Principal } from '../auth/principal.ts';
import type { AppliedRow, LoadedRecord, WithoutPosition } from '../store/server-store.ts';
import { safeText } from './safe-text.ts';

/** Who sends, and by which rules it is decided. */
export interface DecideContext {
  readonly schema: Schema;
  readonly epoch: Epoch;
  readonly principal: Principal;
  readonly device: DeviceId;
  /** Brings a stamp back to what the server allows (CF10). */
  readonly clamp: (stamp: Stamp) => Stamp;
}

/** The context while one exchange is decided. */
export interface Deciding extends DecideContext {
  readonly allowed: ReadonlySet<Scope>;
}

/** An outcome that is known: stored before, or decided just now and not numbered yet. */
export type KnownRow = Omit<AppliedRow, 'receipt'> & { readonly receipt: UnnumberedReceipt };
export type UnnumberedReceipt = Receipt | WithoutPosition<Receipt>;

/** What is known when an exchange is decided: the store's `Loaded`, or what an earlier part left. */
export interface Known {
  readonly applied: ReadonlyMap<MutationId, KnownRow>;
  readonly records: ReadonlyMap<string, LoadedRecord>;
}

/** The mutations of one `write`, in the order they were made. */
export interface DeviceTransaction {
  readonly id: TransactionId;
  readonly mutations: readonly Mutation[];
}

/** What `hf_applied` keeps of a mutation besides its outcome. */
export function rowOf(mutation: Mutation, device: DeviceId, user: UserId): Omit<AppliedRow, 'receipt' | 'version'> {
  return {
    id: mutation.id,
    transaction: mutation.transaction,
    device,
    user,
    fingerprint: fingerprint(mutation),
    collection: safeText(mutation.collection),
    record: mutation.record,
    resolves: mutation.resolves,
  };
}
