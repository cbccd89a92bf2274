import {
  canonicalJson,
  type Json,
  type Mutation,
  type MutationId,
  must,
  type Receipt,
  type TransactionId,
  VERSION_NONE,
} from '@holdfast/core';
import { MutationMaker } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ada, context } from '../../test/decide-world.ts';
import type { WithoutPosition } from '../store/server-store.ts';
import type { Known } from './decide-context.ts';
import { decideExchange, transactionsIn } from './decide-exchange.ts';

/** What one device did, offline, on a few records: every entry knows the earlier ones, as a device tells it. */
const entry = fc.record({
  record: fc.nat(2),
  dose: fc.boolean(),
  kind: fc.constantFrom('write', 'write', 'write', 'delete'),
  bad: fc.nat(9),
  joins: fc.boolean(),
});
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

const empty: Known = { applied: new Map(), records: new Map() };

/** Each entry as a mutation: a create where none of the record was made before, else an update or a delete. */
function mutationsOf(entries: readonly Entry[]): Mutation[] {
  const make = new MutationMaker();
  const made = new Map<string, Mutation[]>();
  const creates = new Map<string, MutationId>();
  let transaction = make.uuid<TransactionId>();
  const deleted = new Set<string>();
  return entries.flatMap((each, index) => {
    if (!each.joins) transaction = make.uuid<TransactionId>();
    const collection = each.dose ? 'doses' : 'contacts';
    const record = `r${each.record}`;
    const [parent, key] = [`contacts/${record}`, `${collection}/${record}`];
    // Nobody writes below a contact that is not there.
    if (each.dose && (!made.has(parent) || deleted.has(parent))) return [];
    const earlier = made.get(key) ?? [];
    const creating = [creates.get(key), creates.get(parent)].filter((id) => id !== undefined);
    const below = each.kind === 'delete' && !each.dose ? (made.get(`doses/${record}`) ?? []) : [];
    const after = [...earlier, ...below].map(({ id }) => id);
    const common = { collection, record, transaction, base: VERSION_NONE, after, needs: [...new Set(creating)] };
    const name = each.bad === 0 ? '' : `n${index}`;
    const values = each.dose
      ? { contactId: record, drug: name, amount: index, unit: 'mg' }
      : { name, phone: null, mentorId: 'ada' };
    const mutation =
      earlier.length === 0
        ? make.create({ ...common, values })
        : each.kind === 'delete'
          ? make.delete(common)
          : make.update({ ...common, values: each.dose ? { drug: name } : { name } });
    if (mutation.kind === 'create') creates.set(key, mutation.id);
    if (mutation.kind === 'delete') deleted.add(key);
    made.set(key, [...earlier, mutation]);
    return [mutation];
  });
}

interface End {
  readonly outcomes: ReadonlyMap<MutationId, string>;
  readonly contents: string;
}

/** Delivers messages until nothing more is taken. Holds SV1 and WR4 on the way. */
function deliver(messages: readonly (readonly Mutation[])[]): End {
  let known = empty;
  const outcomes = new Map<MutationId, string>();
  for (let answered = -1; answered !== outcomes.size; ) {
    answered = outcomes.size;
    for (const message of messages) {
      const transactions = transactionsIn(message);
      const decided = decideExchange(context(ada), known, transactions);
      known = decided.after();
      const now = new Map(decided.receipts.map((receipt) => [receipt.id, textOf(receipt)]));
      for (const [id, text] of now) {
        expect(outcomes.get(id) ?? text).toBe(text);
        outcomes.set(id, text);
      }
      for (const { mutations } of transactions) {
        const kinds = new Set(mutations.map(({ id }) => now.get(id)?.split(' ')[0] ?? 'held'));
        expect(kinds.has('merged') ? new Set([...kinds, 'applied']).size : kinds.size).toBeLessThanOrEqual(
          kinds.has('merged') ? 2 : 1,
        );
      }
    }
  }
  const contents = [...known.records].map(([key, { state, scopes }]) => {
    return canonicalJson([key, state.values, state.deleted !== null, [...scopes]] as unknown as Json);
  });
  return { outcomes, contents: contents.sort().join('\n') };
}

function textOf(receipt: Receipt | WithoutPosition<Receipt>): string {
  return receipt.outcome === 'refused' ? `refused ${receipt.reason}` : receipt.outcome;
}

const history = fc
  .array(entry, { minLength: 2, maxLength: 14, size: 'max' })
  .map(mutationsOf)
  .filter((mutations) => mutations.length > 0);

test('[OB1, SV1, WR4] one message, one for each transaction, and any order with repeats end alike', () => {
  let applied = 0;
  fc.assert(
    fc.property(history, fc.array(fc.nat(), { maxLength: 40 }), (mutations, picks) => {
      const inOrder = deliver([mutations]);
      const groups = transactionsIn(mutations).map((group) => group.mutations);
      expect(deliver(groups)).toEqual(inOrder);
      const shuffled = picks.map((pick) => must(groups[pick % groups.length], 'a transaction'));
      expect(deliver([...shuffled, ...groups].reverse())).toEqual(inOrder);
      // Whole messages in a wrong order, two transactions in each.
      const pairs = shuffled.map((first, i) => {
        const second = must(groups[(i * 7) % groups.length], 'a transaction');
        return first === second ? first : [...first, ...second];
      });
      expect(deliver([...pairs, mutations])).toEqual(inOrder);
      applied += [...inOrder.outcomes.values()].filter((text) => text === 'applied').length;
    }),
    { numRuns: 500 },
  );
  expect(applied).toBeGreaterThan(500);
});

test('[OB1] a device that tells what comes after what never conflicts with itself', () => {
  fc.assert(
    fc.property(history, (mutations) => {
      for (const text of deliver([mutations]).outcomes.values()) expect(['conflict', 'merged']).not.toContain(text);
    }),
    { numRuns: 500 },
  );
});
