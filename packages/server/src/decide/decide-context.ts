import {
  type DeviceId,
  type Epoch,
  fingerprint,
  liftMutation,
  type Mutation,
  type MutationId,
  type Receipt,
  type Schema,
  type Scope,
  type Stamp,
  type TransactionId,
} from '@holdfast/core';
import type { Principal } from '../auth/principal.ts';
import type { CommandHandlers } from '../commands/command-handler.ts';
import type { AppliedRow, LoadedRecord, WithoutPosition } from '../store/server-store.ts';
import { safeText } from './safe-text.ts';

/** Who sends, and by which rules it is decided. */
export interface DecideContext {
  readonly schema: Schema;
  readonly epoch: Epoch;
  readonly principal: Principal;
  readonly device: DeviceId;
  /** The server's time, in milliseconds since 1970. */
  readonly now: number;
  /** Brings a stamp back to what the server allows (CF10). */
  readonly clamp: (stamp: Stamp) => Stamp;
  /** What the server does for each command of the schema. */
  readonly commands: CommandHandlers;
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

/** OB11: takes back the mutation whose id it has, and not answered work. */
export function takesBack(mutation: Mutation): boolean {
  return mutation.kind === 'discard' && mutation.resolves.length === 0;
}

export type RecordAddress = Pick<AppliedRow, 'collection' | 'record'>;

/** The mutations of one `write`, in the order they were made. */
export interface DeviceTransaction {
  readonly id: TransactionId;
  readonly mutations: readonly Mutation[];
}

/** The record a mutation is about, as it is called today; empty where it is about none. */
export function addressOf({ schema }: Pick<DecideContext, 'schema'>, sent: Mutation): RecordAddress {
  const lifted = liftMutation(schema, sent);
  const today = lifted.ok ? lifted.value : sent;
  return {
    collection: 'collection' in today ? safeText(today.collection) : '',
    record: 'record' in today ? today.record : '',
  };
}

/** What `hf_applied` keeps of a mutation besides its outcome: its content as it was sent. */
export function rowOf(
  context: Pick<DecideContext, 'schema' | 'device' | 'principal'>,
  sent: Mutation,
): Omit<AppliedRow, 'receipt' | 'version' | 'touched'> {
  return {
    id: sent.id,
    transaction: sent.transaction,
    device: context.device,
    user: context.principal.user,
    fingerprint: fingerprint(sent),
    ...addressOf(context, sent),
    resolves: sent.resolves,
  };
}
