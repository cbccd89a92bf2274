import {
  type Change,
  type CommandMutation,
  type CreateMutation,
  type DeleteMutation,
  type DeviceId,
  type DiscardMutation,
  type ExchangeRequest,
  type Json,
  type MutationId,
  PROTOCOL_VERSION,
  type Reference,
  type RestoreMutation,
  type Stamp,
  stampOf,
  type TransactionId,
  type UpdateMutation,
  VERSION_NONE,
  type Version,
  WANT_ALL,
} from '@holdfast/core';

type Values = Readonly<Record<string, Json>>;

/** Parts of a mutation that a test cares for; the rest is filled in. */
export interface MutationParts {
  readonly id?: MutationId;
  readonly transaction?: TransactionId;
  readonly collection: string;
  readonly record: string;
  readonly values?: Values;
  /** Instead of `values`, where fields differ in base, stamp or `was`. */
  readonly set?: readonly Change[];
  readonly base?: Version;
  readonly stamp?: Stamp;
  readonly was?: Values;
  readonly bases?: readonly Record<string, Version>[];
  readonly after?: readonly MutationId[];
  readonly needs?: readonly MutationId[];
  readonly resolves?: readonly MutationId[];
  readonly schema?: number;
}

/** Parts of what is about no one record. */
export type OtherParts = Partial<Omit<MutationParts, 'collection' | 'record' | 'values' | 'set' | 'was' | 'bases'>>;

/** Makes mutations as a device would send them, with ids and stamps that grow. Without clock or chance. */
export class MutationMaker {
  #count = 0;

  uuid<T extends string>(): T {
    this.#count += 1;
    return `01900000-0000-7000-9000-${this.#count.toString(16).padStart(12, '0')}` as T;
  }

  /** Later than every one before. */
  stamp(): Stamp {
    this.#count += 1;
    return stampOf(1_700_000_000_000 + this.#count, 0);
  }

  create(parts: MutationParts): CreateMutation {
    return { kind: 'create', ...this.#common(parts), set: this.#set(parts, VERSION_NONE) };
  }

  update(parts: MutationParts): UpdateMutation {
    const base = parts.base ?? VERSION_NONE;
    return { kind: 'update', ...this.#common(parts), base, set: this.#set(parts, base), ops: [] };
  }

  delete(parts: MutationParts): DeleteMutation {
    const stamp = parts.stamp ?? this.stamp();
    const base = parts.base ?? VERSION_NONE;
    return { kind: 'delete', ...this.#common(parts), base, bases: [...(parts.bases ?? [])], stamp };
  }

  restore(parts: MutationParts): RestoreMutation {
    const stamp = parts.stamp ?? this.stamp();
    const base = parts.base ?? VERSION_NONE;
    return { kind: 'restore', ...this.#common(parts), base, set: this.#set({ ...parts, stamp }, base), stamp };
  }

  command(name: string, args: Values, targets: readonly Reference[], parts: OtherParts = {}): CommandMutation {
    const stamp = parts.stamp ?? this.stamp();
    return { kind: 'command', ...this.#any(parts), name, args, targets: [...targets], stamp };
  }

  /** Takes back the mutation whose id is given; with `resolves` it stands for answered work. */
  discard(parts: OtherParts): DiscardMutation {
    return { kind: 'discard', ...this.#any(parts), stamp: parts.stamp ?? this.stamp() };
  }

  #common(parts: MutationParts) {
    return { ...this.#any(parts), collection: parts.collection, record: parts.record };
  }

  #any(parts: OtherParts) {
    return {
      id: parts.id ?? this.uuid<MutationId>(),
      transaction: parts.transaction ?? this.uuid<TransactionId>(),
      schema: parts.schema ?? 1,
      after: [...(parts.after ?? [])],
      needs: [...(parts.needs ?? [])],
      resolves: [...(parts.resolves ?? [])],
    };
  }

  #set(parts: MutationParts, base: Version): Change[] {
    if (parts.set !== undefined) return [...parts.set];
    if (parts.values === undefined || Object.keys(parts.values).length === 0) return [];
    const was = parts.was === undefined ? {} : { was: parts.was };
    return [{ values: parts.values, base, stamp: parts.stamp ?? this.stamp(), ...was }];
  }
}

/** A request with nothing in it but what is given. */
export function requestOf(device: DeviceId, parts: Partial<ExchangeRequest> = {}): ExchangeRequest {
  return {
    protocol: PROTOCOL_VERSION,
    schema: 1,
    device,
    nonce: 'n'.repeat(22),
    epoch: null,
    mutations: [],
    ack: { receipts: [], floor: null },
    cursor: null,
    catchUp: null,
    want: WANT_ALL,
    ...parts,
  };
}
