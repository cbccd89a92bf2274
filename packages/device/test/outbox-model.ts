/** The outbox as plain as it can be said: what a list of entries, and what is seen, have to be after each step. */
import type { Json } from '@holdfast/core';

export type Row = Readonly<Record<string, Json>>;
export type Rows = ReadonlyMap<string, Row>;
export type Outcome = 'applied' | 'refused';

/** One change as a person makes it; `people/…` or `visits/…`. */
export interface Act {
  readonly kind: 'create' | 'update' | 'delete';
  readonly record: string;
  readonly values: Row;
}

export interface ModelEntry extends Act {
  id: string;
  readonly transaction: number;
  values: Row;
  needs: readonly ModelEntry[];
  /** What it only comes after. */
  after: readonly ModelEntry[];
  sent: boolean;
  answer: { readonly outcome: Outcome; readonly position: number } | null;
  /** Its answer is part of what was read. */
  aside: boolean;
}

/** What the device was told in one answer. */
export interface Told {
  readonly receipts: ReadonlyMap<string, { readonly outcome: Outcome; readonly position: number }>;
  /** Up to where it has read, and what is there then; null where the answer does not get that far. */
  readonly read: { readonly position: number; readonly rows: Rows } | null;
}

export class OutboxModel {
  entries: ModelEntry[] = [];
  confirmed: Rows = new Map();
  #transactions = 0;

  /** What is seen: confirmed state with the live entries in order. */
  visible(): Map<string, Row> {
    const rows = new Map(this.confirmed);
    const { notLive } = this.blocked();
    for (const entry of this.entries) {
      if (entry.aside || notLive.has(entry)) continue;
      const before = rows.get(entry.record);
      if (entry.kind === 'delete') rows.delete(entry.record);
      else if (entry.kind === 'create') rows.set(entry.record, entry.values);
      else if (before !== undefined) rows.set(entry.record, { ...before, ...entry.values });
    }
    return rows;
  }

  /** OB5, SY6: what needs something aside is not live; what only comes after such work is held. */
  blocked(): { readonly notLive: ReadonlySet<ModelEntry>; readonly held: ReadonlySet<ModelEntry> } {
    const notLive = this.#waiting(
      (entry) => entry.needs,
      (each) => each.aside,
      (entry) => !entry.aside && entry.answer === null,
    );
    const held = this.#waiting(
      (entry) => [...entry.needs, ...entry.after],
      (each) => notLive.has(each),
      (entry) => !entry.aside && !notLive.has(entry) && entry.answer === null,
    );
    return { notLive, held };
  }

  #waiting(
    predecessors: (entry: ModelEntry) => readonly ModelEntry[],
    isCause: (entry: ModelEntry) => boolean,
    mayWait: (entry: ModelEntry) => boolean,
  ): Set<ModelEntry> {
    const waiting = new Set<ModelEntry>();
    for (let before = -1; before !== waiting.size; ) {
      before = waiting.size;
      for (const entry of this.entries) {
        const waits = predecessors(entry).some((each) => isCause(each) || waiting.has(each));
        if (!waits) continue;
        for (const other of this.entries) {
          if (other.transaction === entry.transaction && mayWait(other)) waiting.add(other);
        }
      }
    }
    return waiting;
  }

  /** Null where the write has to fail, for what it changes is not seen. */
  write(acts: readonly Act[]): { readonly appended: readonly ModelEntry[] } | null {
    const seen = this.visible();
    const entries = [...this.entries];
    const appended: ModelEntry[] = [];
    this.#transactions += 1;
    for (const act of acts) {
      const shown = seen.get(act.record);
      if (act.kind !== 'create' && shown === undefined) return null;
      const values = act.kind === 'update' ? differing(act.values, shown ?? {}) : act.values;
      if (act.kind === 'update' && Object.keys(values).length === 0) continue;
      const entry = this.#planned({ ...act, values }, [...entries, ...appended]);
      appended.push(entry);
      if (act.kind === 'delete') seen.delete(act.record);
      else seen.set(act.record, { ...shown, ...values });
    }
    const [only] = appended;
    if (only !== undefined && appended.length === 1 && this.#shortened(only)) return { appended: [] };
    this.entries = [...entries, ...appended];
    return { appended };
  }

  #planned(act: Act, before: readonly ModelEntry[]): ModelEntry {
    const createOf = (record: Json | undefined) =>
      before.findLast(
        (each) => each.kind === 'create' && each.record === record && !(each.aside && this.confirmed.has(each.record)),
      );
    const person = act.values.personId;
    const needs = [createOf(act.record), person === undefined ? undefined : createOf(`people/${person}`)];
    const previous = before.findLast((each) => each.record === act.record);
    const referring = act.kind === 'delete' ? before.filter((each) => refersTo(each, act.record)) : [];
    return {
      ...act,
      id: '',
      transaction: this.#transactions,
      needs: [...new Set(needs.filter((each) => each !== undefined))],
      after: [...(previous === undefined ? [] : [previous]), ...referring],
      sent: false,
      answer: null,
      aside: false,
    };
  }

  /** OB6: folded into the record's last entry, or gone together with its create. */
  #shortened(entry: ModelEntry): boolean {
    const { notLive, held } = this.blocked();
    const own = this.entries.filter((each) => each.record === entry.record);
    const last = own.at(-1);
    if (last === undefined || last.sent || notLive.has(last) || held.has(last)) return false;
    if (this.entries.some((each) => each !== last && each.transaction === last.transaction)) return false;
    if (entry.needs.some((each) => notLive.has(each) || each.aside)) return false;
    if (entry.kind === 'delete') {
      const named = this.entries.some((each) => each.needs.includes(last) || each.after.includes(last));
      if (last.kind !== 'create' || own.length !== 1 || named || entry.after.some((each) => each !== last))
        return false;
      this.entries = this.entries.filter((each) => each !== last);
      return true;
    }
    if (last.kind === 'delete' || entry.needs.some((each) => each !== last && !last.needs.includes(each))) return false;
    last.values = { ...last.values, ...entry.values };
    return true;
  }

  /** Those that have to go with the next exchange: all that nothing holds back. */
  due(): ModelEntry[] {
    const { notLive, held } = this.blocked();
    return this.entries.filter((each) => each.answer === null && !each.aside && !notLive.has(each) && !held.has(each));
  }

  /** SY15: an answer takes effect once what was read holds it. */
  told({ receipts, read }: Told): void {
    for (const entry of this.entries) if (entry.sent) entry.answer ??= receipts.get(entry.id) ?? null;
    if (read === null) return;
    this.confirmed = read.rows;
    const settled = (each: ModelEntry) => each.answer !== null && each.answer.position <= read.position;
    for (const entry of this.entries) if (settled(entry) && entry.answer?.outcome === 'refused') entry.aside = true;
    this.entries = this.entries.filter((each) => !(settled(each) && each.answer?.outcome === 'applied'));
  }
}

function differing(values: Row, shown: Row): Row {
  return Object.fromEntries(Object.entries(values).filter(([field, value]) => shown[field] !== value));
}

function refersTo({ values }: Act, record: string): boolean {
  return values.personId !== undefined && `people/${values.personId}` === record;
}
