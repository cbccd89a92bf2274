import type { DeviceId, MutationId, UserId, Version } from '@holdfast/core';
import type { KnownRow } from './decide-context.ts';

/**
 * What is known of mutations when another one is decided: outcomes, and what stands for what. Heirs are
 * looked up here; lists that were sent are never rewritten.
 */
export class Answers {
  readonly #rows = new Map<MutationId, KnownRow>();
  readonly #heirs = new Map<MutationId, KnownRow[]>();

  constructor(stored: Iterable<KnownRow>) {
    for (const row of stored) this.add(row);
  }

  add(row: KnownRow): void {
    this.#rows.set(row.id, row);
    for (const target of row.resolves) {
      const heirs = this.#heirs.get(target);
      if (heirs === undefined) this.#heirs.set(target, [row]);
      else heirs.push(row);
    }
  }

  get(id: MutationId): KnownRow | undefined {
    return this.#rows.get(id);
  }

  rows(): Iterable<KnownRow> {
    return this.#rows.values();
  }

  /** Is there any outcome? What `after` asks. */
  isAnswered(id: MutationId): boolean {
    return this.#rows.has(id);
  }

  /** Did it, or what stands for it, take effect? What `needs` asks. */
  isFulfilled(id: MutationId): boolean {
    const row = this.#rows.get(id);
    return (row !== undefined && tookEffect(row)) || this.isResolved(id);
  }

  isResolved(id: MutationId): boolean {
    return this.#allHeirs(id).some(tookEffect);
  }

  /** The versions of a record that these mutations of one device made, or what resolved them there. */
  versionsOf(
    ids: readonly MutationId[],
    record: RecordAddress,
    maker: { readonly device: DeviceId; readonly user: UserId },
  ): Set<Version> {
    const versions = new Set<Version>();
    const count = (row: KnownRow | undefined) => {
      if (row === undefined || row.version === null) return;
      if (row.collection !== record.collection || row.record !== record.record) return;
      if (row.device === maker.device && row.user === maker.user) versions.add(row.version);
    };
    for (const id of ids) {
      count(this.#rows.get(id));
      for (const heir of this.#allHeirs(id)) count(heir);
    }
    return versions;
  }

  /** Does the row belong to somebody else, who must learn nothing from it? */
  isForeign(id: MutationId, user: UserId): boolean {
    const row = this.#rows.get(id);
    return row !== undefined && row.user !== user;
  }

  #allHeirs(id: MutationId): readonly KnownRow[] {
    const direct = this.#heirs.get(id);
    if (direct === undefined) return [];
    const all = new Set(direct);
    for (const heir of all) for (const next of this.#heirs.get(heir.id) ?? []) all.add(next);
    return [...all];
  }
}

interface RecordAddress {
  readonly collection: string;
  readonly record: string;
}

function tookEffect({ receipt }: KnownRow): boolean {
  return receipt.outcome === 'applied' || receipt.outcome === 'merged';
}
