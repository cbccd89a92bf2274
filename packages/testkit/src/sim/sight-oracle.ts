import type { Json, Mutation, MutationId, RecordMutation } from '@holdfast/core';
import type { Effects, ServerStore, ServerTransaction } from '@holdfast/server';
import { FIRST_ROWS } from './first-rows.ts';

interface DoseChange {
  readonly dose: Json;
  readonly by: string;
}

/**
 * Watches from outside who had seen what. Doses are `manual`, each value is written once in a world, and
 * every change carries the value it was made upon: so it can be told whether somebody overwrote what they
 * had not seen, or was told of a conflict with nobody (CF1, CF7), without asking a single version.
 */
export interface SightOracle {
  /** A request's mutations, before they are decided. */
  sent(mutations: readonly Mutation[]): void;
  /** This user has two devices that go on from one disk: who of them has seen what cannot be told from outside. */
  cloned(user: string): void;
  /** Each mutation's place among all that were answered, in the order of the commits. */
  readonly answeredAt: ReadonlyMap<string, number>;
  /** Gives how to go back to what was committed by now: what was committed after it never happened. */
  keep(): () => void;
  /** The store as the server uses it, with every commit looked at; `onApply` is asked before anything is written. */
  watch(store: ServerStore, onApply: () => void): ServerStore;
}

export function watchSight(violations: string[]): SightOracle {
  const mutations = new Map<MutationId, Mutation>();
  let outcomes = new Map<MutationId, string>();
  /** Every create of a record: one that was sent again has several. */
  const creates = new Map<string, Mutation[]>();
  let doses = new Map<string, DoseChange[]>();
  /** Doses of histories that a restore of the server has undone: who saw one of them saw all before it. */
  const undone = new Map<Json, number>();
  for (const [collection, rows] of FIRST_ROWS) {
    if (collection !== 'doses') continue;
    for (const { id, values } of rows) doses.set(id, [{ dose: values['dose'] ?? null, by: '' }]);
  }

  let wentBack = false;
  let answeredAt = new Map<string, number>();
  const twins = new Set<string>();

  const committed = (effects: Effects) => {
    for (const { id, receipt } of effects.applied) {
      if (outcomes.has(id))
        violations.push(`[I1] ${id} was decided twice: ${outcomes.get(id)}, then ${receipt.outcome}`);
      outcomes.set(id, receipt.outcome);
      answeredAt.set(id, answeredAt.size);
    }
    for (const { id, receipt } of effects.applied) {
      const mutation = mutations.get(id);
      if (mutation === undefined || !('record' in mutation)) continue;
      // What was confirmed before a restore is in nobody's `needs`: what refers to it can be refused after it.
      const unneeded = receipt.outcome === 'discarded' || (wentBack && receipt.outcome === 'refused');
      if (!unneeded) checkNeeds(mutation);
      const by = effects.by;
      // What is sent again keeps its stamp: an own later command can have decided the field since.
      const again = mutation.resolves.length > 0;
      const losses = receipt.outcome === 'merged' ? receipt.lost : [];
      const blamed = losses.flatMap(({ rule, by }) => (again && rule === 'lastWriteWins' ? [] : [by]));
      // Where a deletion is in question, `by` is whoever changed the record last: that may be the writer, after others.
      if (receipt.outcome === 'conflict' && receipt.sides?.deletion === null) blamed.push(receipt.sides.by);
      if (!twins.has(by) && blamed.includes(by)) {
        violations.push(`[CF1] ${by} lost against an own earlier write: ${id} ${receipt.outcome}`);
      }
      if (mutation.collection === 'doses') checkDose(mutation, receipt.outcome, by);
    }
  };

  /** OB2: what needs a create is not answered before it has taken effect. */
  const checkNeeds = (mutation: RecordMutation) => {
    if (mutation.kind !== 'create') return;
    const person = mutation.set.flatMap(({ values }) =>
      typeof values.personId === 'string' ? [values.personId] : [],
    )[0];
    const made = creates.get(`people/${person}`) ?? [];
    if (made.length === 0 || made.some(({ transaction }) => transaction === mutation.transaction)) return;
    const answers = made.map(({ id }) => outcomes.get(id) ?? 'not');
    if (!answers.includes('applied'))
      violations.push(`[I10] [OB2] ${mutation.id} was answered while its person is ${answers.join(', ')}`);
  };

  const checkDose = (mutation: RecordMutation, outcome: string, by: string) => {
    const history = doses.get(mutation.record) ?? [];
    doses.set(mutation.record, history);
    if (!('set' in mutation)) return;
    const change = mutation.set.find(({ values }) => values.dose !== undefined);
    if (change?.values.dose === undefined) return;
    if (mutation.kind === 'create') {
      if (outcome === 'applied') history.push({ dose: change.values.dose, by });
      return;
    }
    const was = change.was?.dose ?? null;
    const shown = Math.max(
      history.findLastIndex(({ dose }) => dose === was),
      (undone.get(was) ?? 0) - 1,
      // Made upon an own create that a person has mended since: it stands at the beginning all the same.
      createdWith(mutation).includes(was) ? 0 : -1,
    );
    const others = history.slice(shown + 1).filter((later) => later.by !== by);
    if (twins.has(by)) {
      if (outcome === 'applied') history.push({ dose: change.values.dose, by });
    } else if (outcome === 'applied') {
      if (shown < 0) violations.push(`[CF7] ${mutation.id} was made upon a dose that never was`);
      else if (others.length > 0)
        violations.push(`[CF7] ${by} overwrote a dose of ${others[0]?.by} without having seen it`);
      history.push({ dose: change.values.dose, by });
    } else if (outcome === 'conflict' && shown >= 0 && others.length === 0 && !isExplained(mutation)) {
      conflicts.push({ mutation, by });
    }
  };

  const createdWith = ({ collection, record }: RecordMutation): Json[] =>
    (creates.get(`${collection}/${record}`) ?? []).flatMap((create) =>
      'set' in create ? create.set.flatMap(({ values }) => values.dose ?? []) : [],
    );

  // A conflict can also come from another mutation of the same transaction, or from a deletion. After a restore of
  // the server what was seen before it has another version than what came back.
  let deletions = new Set<string>();
  const isExplained = ({ record }: RecordMutation) => deletions.has(record) || wentBack;
  const conflicts: { mutation: Mutation; by: string }[] = [];

  const watched = (tx: ServerTransaction, effects: Effects[], onApply: () => void): ServerTransaction => ({
    meetDevice: (device, user, floor) => tx.meetDevice(device, user, floor),
    load: (request) => tx.load(request),
    acknowledge: (device, receipts) => tx.acknowledge(device, receipts),
    position: () => tx.position(),
    async apply(next) {
      onApply();
      const result = await tx.apply(next);
      if (result.ok) effects.push(next);
      return result;
    },
  });

  return {
    get answeredAt() {
      return answeredAt;
    },
    keep() {
      const kept = {
        outcomes: new Map(outcomes),
        doses: new Map([...doses].map(([id, history]) => [id, [...history]])),
        answeredAt: new Map(answeredAt),
        deletions: new Set(deletions),
      };
      return () => {
        wentBack = true;
        for (const [id, history] of doses) {
          const left = kept.doses.get(id)?.length ?? 0;
          for (const { dose } of history.slice(left)) undone.set(dose, left);
        }
        outcomes = new Map(kept.outcomes);
        doses = new Map([...kept.doses].map(([id, history]) => [id, [...history]]));
        answeredAt = new Map(kept.answeredAt);
        deletions = new Set(kept.deletions);
      };
    },
    cloned: (user) => void twins.add(user),
    sent(list) {
      for (const mutation of list) {
        if (mutations.has(mutation.id)) continue;
        mutations.set(mutation.id, mutation);
        if (mutation.kind !== 'create') continue;
        const key = `${mutation.collection}/${mutation.record}`;
        creates.set(key, [...(creates.get(key) ?? []), mutation]);
      }
    },
    watch(inner, onApply) {
      const transaction: ServerStore['transaction'] = async (work) => {
        let effects: Effects[] = [];
        const result = await inner.transaction((tx) => {
          effects = [];
          return work(watched(tx, effects, onApply));
        });
        for (const each of effects) {
          for (const batch of each.batches) {
            if (batch.kind === 'delete') for (const row of batch.rows) deletions.add(row.id);
          }
          committed(each);
        }
        for (const { mutation, by } of conflicts.splice(0)) {
          const alone = [...mutations.values()].every(
            (other) => other.transaction !== mutation.transaction || other.id === mutation.id,
          );
          if (alone) violations.push(`[CF1] ${by} was told of a conflict about a dose that nobody else had changed`);
        }
        return result;
      };
      return new Proxy(inner, {
        get(store, name) {
          if (name === 'transaction') return transaction;
          const member: unknown = Reflect.get(store, name, store);
          return typeof member === 'function' ? member.bind(store) : member;
        },
      });
    },
  };
}
