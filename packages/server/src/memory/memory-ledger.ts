import type { LossRule, MutationId, OverriddenLater, RecordId } from '@holdfast/core';
import type { AuditPage, AuditRequest, OverriddenRequest, StoredAuditEntry } from '../store/audit.ts';
import type { BayPage, BayRequest, StoredBayEntry } from '../store/bay.ts';
import type { Effects } from '../store/server-store.ts';
import { seenBy } from './transaction-log.ts';

/** Audit and bay of the store in memory. */
export class MemoryLedger {
  readonly #audit: StoredAuditEntry[] = [];
  /** The transaction of each entry of the audit. */
  readonly #xids: number[] = [];
  readonly #bay: StoredBayEntry[] = [];
  readonly #places = new Map<MutationId, number>();

  /** What a backup holds of it. */
  copy(): MemoryLedger {
    const copy = new MemoryLedger();
    copy.#audit.push(...this.#audit);
    copy.#xids.push(...this.#xids);
    copy.#bay.push(...this.#bay);
    for (const [id, place] of this.#places) copy.#places.set(id, place);
    return copy;
  }

  /** At a commit: keeps what the effects say, and closes what they resolve. */
  take({ audit, bay, applied, at }: Effects, xid: number): void {
    for (const entry of audit) {
      this.#audit.push({ ...structuredClone(entry), number: this.#audit.length + 1, at });
      this.#xids.push(xid);
    }
    for (const entry of bay) {
      if (this.#bay.some(({ id }) => id === entry.id)) continue;
      for (const { id } of entry.mutations) this.#places.set(id, this.#bay.length);
      const number = this.#bay.length + 1;
      this.#bay.push({ ...structuredClone(entry), number, at, resolvedBy: null, resolvedAt: null });
    }
    for (const { id, user, resolves, receipt } of applied) {
      if (receipt.outcome !== 'applied' && receipt.outcome !== 'merged') continue;
      for (const target of resolves) {
        const place = this.#places.get(target);
        const entry = place === undefined ? undefined : this.#bay[place];
        if (place === undefined || entry === undefined || entry.user !== user || entry.resolvedBy !== null) continue;
        this.#bay[place] = { ...entry, resolvedBy: id, resolvedAt: at };
      }
    }
  }

  readOverridden(
    { user, after, upTo, collections, limit }: OverriddenRequest,
    isShown: (collection: string, record: string) => boolean,
  ): OverriddenLater[] {
    const [read, there] = [seenBy(after), seenBy(upTo)];
    const found = this.#audit.flatMap((entry, place): OverriddenLater[] => {
      const xid = this.#xids[place] ?? 0;
      const { event, other, rule, collection, record, mine, theirs } = entry;
      if (event !== 'overrode' || other !== user || entry.user === user || read(xid) || !there(xid)) return [];
      if (!collections.includes(collection) || !isShown(collection, record)) return [];
      const by = { by: entry.user, rule: rule as LossRule };
      return [{ collection, record: record as RecordId, mine: { ...theirs }, kept: { ...mine }, ...by }];
    });
    return found.slice(-limit);
  }

  readAudit({ of, before, limit }: AuditRequest): AuditPage {
    const isMeant = (entry: StoredAuditEntry) =>
      'user' in of
        ? entry.user === of.user || entry.other === of.user
        : entry.collection === of.record.collection && entry.record === of.record.id;
    return pageOf(this.#audit.filter(isMeant), before, limit);
  }

  readBay({ user, open, before, limit }: BayRequest): BayPage {
    const meant = this.#bay.filter((entry) => {
      return (user === null || entry.user === user) && (!open || entry.resolvedBy === null);
    });
    return pageOf(meant, before, limit);
  }

  findInBay(mutation: MutationId): StoredBayEntry | null {
    const place = this.#places.get(mutation);
    return place === undefined ? null : (this.#bay[place] ?? null);
  }
}

function pageOf<T extends { readonly number: number }>(all: readonly T[], before: number | null, limit: number) {
  const below = all.filter(({ number }) => before === null || number < before).reverse();
  const entries = below.slice(0, limit);
  return { entries, next: below.length > limit ? (entries.at(-1)?.number ?? null) : null };
}
