import type { MutationId, Position, Receipt, Snapshot } from '@holdfast/core';
import { expect, test } from 'vitest';
import type { EntryState } from '../device.ts';
import type { Entry } from '../outbox/entry.ts';
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
  expect(settle([pending, entry(2, { at: 'sending' })], snapshot)).toEqual({ released: [], states: [] });
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
