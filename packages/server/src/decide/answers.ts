import type { DeviceId, MutationId, UserId, Version } from '@holdfast/core';
import type { KnownRow } from './decide-context.ts';

/**
 * What is known of mutations when another one of this user is decided: outcomes, and what stands for what.
 * Heirs are looked up here; lists that were sent are never rewritten. What others said of ids whose
 * mutations they did not make counts for nothing: neither a discard nor a resolution.
 */
export class Answers {
  readonly #rows = new Map<MutationId, KnownRow>();
  readonly #heirs = new Map<MutationId, KnownRow[]>();
  /** What an applied mutation stands for, directly or through others; kept, because asking anew grows with all heirs. */
  readonly #resolved = new Set<MutationId>();

  readonly #user: UserId;

  constructor(user: UserId, stored: Iterable<KnownRow>) {
    this.#user = user;
    for (const row of stored) this.add(row);
  }

  add(row: KnownRow): void {
    const foreign = row.user !== this.#user;
    if (foreign && row.receipt.outcome === 'discarded') return;
    this.#rows.set(row.id, row);
    if (foreign) return;
    for (const target of row.resolves) {
      const heirs = this.#heirs.get(target);
      if (heirs === undefined) this.#heirs.set(target, [row]);
      else heirs.push(row);
    }
    if (tookEffect(row) || this.#resolved.has(row.id)) this.#resolve(row);
  }

  #resolve(row: KnownRow): void {
    const rows = [row];
    for (let next = rows.pop(); next !== undefined; next = rows.pop()) {
      for (const target of next.resolves) {
        if (this.#resolved.has(target)) continue;
        this.#resolved.add(target);
        const earlier = this.#rows.get(target);
        if (earlier !== undefined) rows.push(earlier);
      }
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
    return this.#resolved.has(id);
  }

  /** The versions of a record that these mutations of one device made, or what resolved them there. */
  versionsOf(
    ids: readonly MutationId[],
    record: RecordAddress,
    maker: { readonly device: DeviceId; readonly user: UserId },
  ): Set<Version> {
    const versions = new Set<Version>();
    const count = (row: KnownRow | undefined) => {
      if (row === undefined || row.device !== maker.device || row.user !== maker.user) return;
      if (row.version !== null && isOf(row, record)) versions.add(row.version);
      for (const each of row.touched) if (isOf(each, record)) versions.add(each.version);
    };
    const all = new Set(ids);
    // Grows while it is walked: the heirs of heirs count too.
    for (const id of all) {
      count(this.#rows.get(id));
      for (const heir of this.#heirs.get(id) ?? []) all.add(heir.id);
    }
    return versions;
  }

  /** Was it answered to somebody else, who must learn nothing from it? */
  isForeign(id: MutationId): boolean {
    const row = this.#rows.get(id);
    return row !== undefined && row.user !== this.#user;
  }
}

interface RecordAddress {
  readonly collection: string;
  readonly record: string;
}

function isOf(one: RecordAddress, { collection, record }: RecordAddress): boolean {
  return one.collection === collection && one.record === record;
}

function tookEffect({ receipt }: KnownRow): boolean {
  return receipt.outcome === 'applied' || receipt.outcome === 'merged';
}
