import type { MutationId } from '@holdfast/core';
import type { Entry } from './entry.ts';
import { answerOf, standInOf } from './liveness.ts';

export interface BatchLimits {
  readonly mutations: number;
  /** Bytes of content, roughly: what the entries take as JSON. */
  readonly bytes: number;
  /** What has a higher priority number, and lifts nothing, waits (NW7). Default: nothing does. */
  readonly upTo?: number;
}

type Candidate = Pick<
  Entry,
  'seq' | 'id' | 'transaction' | 'previous' | 'afterReferring' | 'needs' | 'priority' | 'state'
> & {
  readonly bytes: number;
};

/**
 * Which transactions go with the next exchange, in the order to send them: what may go, lower priority
 * number first, then the order made (OB4); never a transaction before what it needs or comes after;
 * whole transactions only. At least one goes if any may, however large.
 */
export function chooseBatch(entries: readonly Candidate[], nowMs: number, limits: BatchLimits): MutationId[] {
  const transactions = groupByTransaction(entries);
  const ready = [...transactions.values()].filter((each) => each.entries.every((entry) => mayGo(entry, nowMs)));
  const effective = inheritPriorities(entries, ready);
  ready.sort(
    (a, b) =>
      (effective.get(a.id) ?? 0) - (effective.get(b.id) ?? 0) || (a.entries[0]?.seq ?? 0) - (b.entries[0]?.seq ?? 0),
  );
  const going = ready.filter(({ id }) => (effective.get(id) ?? 0) <= (limits.upTo ?? Number.POSITIVE_INFINITY));
  return takeInOrder(entries, going, limits);
}

interface Transaction {
  readonly id: string;
  readonly entries: readonly Candidate[];
}

function groupByTransaction(entries: readonly Candidate[]): Map<string, Transaction> {
  const groups = new Map<string, Candidate[]>();
  for (const entry of entries) {
    const group = groups.get(entry.transaction);
    if (group) group.push(entry);
    else groups.set(entry.transaction, [entry]);
  }
  return new Map([...groups].map(([id, group]) => [id, { id, entries: group }]));
}

function mayGo(entry: Candidate, nowMs: number): boolean {
  switch (entry.state.at) {
    case 'pending':
    case 'sending':
      return true;
    case 'waiting':
      return isDue(entry.state, nowMs);
    case 'blocked':
      return entry.state.reason === 'held';
    // It goes as a discard, until that is answered.
    case 'resolving':
      return entry.state.receipt === null;
    default:
      return false;
  }
}

/** A wait that began later than now was set by a clock that has gone back since. */
function isDue({ since, nextTry }: { readonly since: number; readonly nextTry: number }, nowMs: number): boolean {
  return nextTry <= nowMs || nowMs < since;
}

/** What a transaction waits for inside the outbox: the transactions of its predecessors and needs. */
function dependencies(transaction: Transaction, byId: ReadonlyMap<MutationId, Candidate>): Candidate[] {
  const found: Candidate[] = [];
  const add = (each: Candidate | null | undefined) => {
    if (each && each.transaction !== transaction.id) found.push(each);
  };
  for (const entry of transaction.entries) {
    if (entry.state.at === 'resolving') continue;
    if (entry.previous !== null) add(byId.get(entry.previous));
    for (const id of entry.afterReferring) add(byId.get(id));
    for (const id of entry.needs) add(standInOf(id, byId));
  }
  return found;
}

/** A waiting transaction lifts what it waits for to its own priority (hazard B9). */
function inheritPriorities(entries: readonly Candidate[], ready: readonly Transaction[]): Map<string, number> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const effective = new Map(ready.map((each) => [each.id, Math.min(...each.entries.map((entry) => entry.priority))]));
  // What waits was made later, so one pass from the latest to the earliest reaches everything.
  for (const each of [...ready].sort((a, b) => (b.entries[0]?.seq ?? 0) - (a.entries[0]?.seq ?? 0))) {
    const own = effective.get(each.id) ?? 9;
    for (const dependency of dependencies(each, byId)) {
      const theirs = effective.get(dependency.transaction);
      if (theirs !== undefined && theirs > own) effective.set(dependency.transaction, own);
    }
  }
  return effective;
}

function takeInOrder(entries: readonly Candidate[], ready: readonly Transaction[], limits: BatchLimits): MutationId[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const taken = new Set<string>();
  const batch: MutationId[] = [];
  let bytes = 0;
  let rest = ready;
  for (let moved = true; moved; ) {
    moved = false;
    const later: Transaction[] = [];
    for (const each of rest) {
      const waits = dependencies(each, byId).some(
        // One that stands aside has its answer: what merely comes after it may go; what needs it is blocked.
        (dependency) => answerOf(dependency.state) === null && !taken.has(dependency.transaction),
      );
      if (waits) {
        later.push(each);
        continue;
      }
      const size = each.entries.reduce((sum, entry) => sum + entry.bytes, 0);
      const full = batch.length + each.entries.length > limits.mutations || bytes + size > limits.bytes;
      if (full && batch.length > 0) return batch;
      batch.push(...each.entries.map((entry) => entry.id));
      bytes += size;
      taken.add(each.id);
      moved = true;
    }
    rest = later;
  }
  return batch;
}
