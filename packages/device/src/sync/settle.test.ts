import type { MutationId, Position, Receipt, Snapshot } from '@holdfast/core';
import { expect, test } from 'vitest';
import type { Entry } from '../outbox/entry.ts';
import type { EntryState } from '../outbox/entry-state.ts';
import { settle } from './settle.ts';

const id = (seq: number) => `m${seq}` as MutationId;

function entry(seq: number, state: EntryState, given: Partial<Entry> = {}): Entry {
  return {
    seq,
    id: id(seq),
    transaction: `t${seq}` as Entry['transaction'],
    user: 'u' as Entry['user'],
    collection: 'people',
    record: `p${seq}`,
    schema: 1,
    previous: null,
    needs: [],
    afterReferring: [],
    resolves: [],
    content: { kind: 'create', set: [] },
    stamp: '0000000000000001' as Entry['stamp'],
    priority: 5,
    madeAt: 0,
    sent: true,
    tries: 0,
    state,
    ...given,
  };
}

const applied = (seq: number, position: string): EntryState => ({
  at: 'accepted',
  receipt: { outcome: 'applied', id: id(seq), position: position as Position },
});
const refusal = (seq: number): Receipt => ({
  outcome: 'refused',
  id: id(seq),
  position: '5' as Position,
  reason: 'forbidden',
  detail: null,
});
const snapshot = '10:12:10' as Snapshot;

test('[SY15, WR8] an entry leaves only when the cursor holds its receipt', () => {
  const { released, states } = settle(
    [entry(1, applied(1, '9')), entry(2, applied(2, '10')), entry(3, applied(3, '11'))],
    snapshot,
  );
  expect(released.map((each) => each.entry.id)).toEqual([id(1), id(3)]);
  expect(states).toEqual([]);
});

test('[WR8] an entry without a receipt stays, whatever the cursor holds', () => {
  const pending = entry(1, { at: 'pending' });
  expect(settle([pending, entry(2, { at: 'sending' })], snapshot)).toEqual({ released: [], states: [], told: [] });
});

test('[OB5, OB7] a refusal blocks what needs it, with what it waits for, and nothing else', () => {
  const { released, states } = settle(
    [
      entry(1, { at: 'accepted', receipt: refusal(1) }),
      entry(2, { at: 'pending' }, { needs: [id(1)] }),
      entry(3, { at: 'pending' }, { needs: [id(2)], transaction: 't3' as Entry['transaction'] }),
      entry(4, { at: 'pending' }, { transaction: 't3' as Entry['transaction'] }),
      entry(5, { at: 'pending' }, { previous: id(1) }),
      entry(6, { at: 'pending' }, { previous: id(2) }),
      entry(7, { at: 'pending' }),
    ],
    snapshot,
  );
  expect(released).toEqual([]);
  expect(Object.fromEntries(states.map(({ id: one, state }) => [one, state]))).toEqual({
    m1: { at: 'refused', receipt: refusal(1) },
    m2: { at: 'blocked', by: [id(1)], reason: 'not-live' },
    m3: { at: 'blocked', by: [id(2)], reason: 'not-live' },
    m4: { at: 'blocked', by: [id(2)], reason: 'not-live' },
    // It comes after a blocked entry of its record: the order is kept, but it stays part of what is seen.
    m6: { at: 'blocked', by: [id(2)], reason: 'held' },
  });
});

test('[OB5] what was blocked by an entry that is gone may go again', () => {
  const { states } = settle([entry(2, { at: 'blocked', by: [id(1)], reason: 'held' })], snapshot);
  expect(states).toEqual([{ id: id(2), seq: 2, state: { at: 'pending' } }]);
});

const discarded = (seq: number): Receipt => ({ outcome: 'discarded', id: id(seq), position: '5' as Position });
const resolvedElsewhere = (seq: number): Receipt => ({
  outcome: 'refused',
  id: id(seq),
  position: '5' as Position,
  reason: 'resolved',
  detail: null,
});
const resolving = (by: number): EntryState => ({ at: 'resolving', by: id(by), receipt: refusal(1) });
const outcomeOf = ({ released, states }: ReturnType<typeof settle>) => ({
  released: released.map(({ entry: one }) => one.id),
  states: Object.fromEntries(states.map(({ id: one, state }) => [one, state.at])),
});

test('[WR8, OB10] what resolved an entry takes it along, and what waited for it goes on', () => {
  const result = settle(
    [
      entry(1, resolving(2)),
      entry(2, applied(2, '5'), { resolves: [id(1)] }),
      entry(3, { at: 'blocked', by: [id(1)], reason: 'not-live' }, { needs: [id(1)] }),
    ],
    snapshot,
  );
  expect(outcomeOf(result)).toEqual({ released: [id(2), id(1)], states: { m3: 'pending' } });
});

test('[OB10] a resolution that is refused waits for a person; what it stood for stays with it', () => {
  const result = settle(
    [entry(1, resolving(2)), entry(2, { at: 'accepted', receipt: refusal(2) }, { resolves: [id(1)] })],
    snapshot,
  );
  expect(outcomeOf(result)).toEqual({ released: [], states: { m2: 'refused' } });
});

test('[OB10] what somebody else has resolved before leaves, and is told; the own decision keeps its content', () => {
  const result = settle(
    [entry(1, resolving(2)), entry(2, { at: 'accepted', receipt: resolvedElsewhere(2) }, { resolves: [id(1)] })],
    snapshot,
  );
  expect(outcomeOf(result)).toEqual({ released: [id(1)], states: { m2: 'refused' } });
  expect(result.told).toMatchObject([{ what: 'resolved-elsewhere', entry: { id: id(1) } }]);
});

test('[WR8, OB10] what was discarded elsewhere leaves, and is told', () => {
  const result = settle([entry(1, { at: 'accepted', receipt: discarded(1) })], snapshot);
  expect(outcomeOf(result)).toEqual({ released: [id(1)], states: {} });
  expect(result.told).toMatchObject([{ what: 'resolved-elsewhere', entry: { id: id(1) } }]);
});

test('[OB11] a decision that was taken back gives back what it stood for', () => {
  const taken = entry(2, { at: 'resolving', by: null, receipt: discarded(2) }, { resolves: [id(1)] });
  expect(outcomeOf(settle([entry(1, resolving(2)), taken], snapshot))).toEqual({
    released: [id(2)],
    states: { m1: 'refused' },
  });
});

test('[OB11] a discard under its own id that came too late is told, whatever the outcome', () => {
  const late = (receipt: Receipt) => settle([entry(1, { at: 'resolving', by: null, receipt })], snapshot);
  const done = late({ outcome: 'applied', id: id(1), position: '5' as Position });
  expect([outcomeOf(done), done.told.map(({ what }) => what)]).toEqual([
    { released: [id(1)], states: {} },
    ['too-late'],
  ]);
  const refused = late(refusal(1));
  expect([outcomeOf(refused), refused.told.length]).toEqual([{ released: [], states: { m1: 'refused' } }, 1]);
});
