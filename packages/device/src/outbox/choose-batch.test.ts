import type { MutationId } from '@holdfast/core';
import { expect, test } from 'vitest';
import { chooseBatch } from './choose-batch.ts';
import type { EntryState } from './entry-state.ts';

type Candidate = Parameters<typeof chooseBatch>[0][number];

function entry(seq: number, given: Partial<Candidate> & { tx?: string } = {}): Candidate {
  return {
    seq,
    id: `m${seq}` as MutationId,
    transaction: (given.tx ?? `t${seq}`) as Candidate['transaction'],
    previous: null,
    afterReferring: [],
    needs: [],
    priority: 5,
    state: { at: 'pending' },
    bytes: 100,
    ...given,
  };
}

const id = (seq: number) => `m${seq}` as MutationId;
const wide = { mutations: 100, bytes: 1e6 };
const chosen = (entries: readonly Candidate[], limits = wide, now = 1_000) => chooseBatch(entries, now, limits);
const refused: EntryState = {
  at: 'refused',
  receipt: { outcome: 'refused', id: id(1), position: '5' as never, reason: 'forbidden', detail: null },
};

test('[OB4] lower priority number first, then the order made', () => {
  expect(chosen([entry(1), entry(2, { priority: 1 }), entry(3)])).toEqual([id(2), id(1), id(3)]);
});

test('[OB4] a waiting entry lifts what it waits for to its own priority', () => {
  const entries = [entry(1, { priority: 9 }), entry(2, { priority: 5 }), entry(3, { priority: 1, needs: [id(1)] })];
  expect(chosen(entries)).toEqual([id(1), id(3), id(2)]);
});

test('[OB1, OB2] nothing goes before what it needs or comes after', () => {
  const entries = [
    entry(1, { priority: 9 }),
    entry(2, { priority: 1, previous: id(1) }),
    entry(3, { priority: 1, afterReferring: [id(2)] }),
  ];
  expect(chosen(entries)).toEqual([id(1), id(2), id(3)]);
});

test('[WR4] a transaction goes as a whole, or not at all', () => {
  const entries = [
    entry(1, { tx: 'a' }),
    entry(2, { tx: 'a', state: { at: 'waiting', since: 0, nextTry: 9_000, error: '' } }),
    entry(3),
  ];
  expect(chosen(entries)).toEqual([id(3)]);
  expect(
    chosen([entry(1, { tx: 'a' }), entry(2, { tx: 'b' }), entry(3, { tx: 'b' })], { mutations: 2, bytes: 1e6 }),
  ).toEqual([id(1)]);
});

test('[OB5] what waits holds back only what depends on it', () => {
  const blocked: EntryState = { at: 'blocked', by: [id(1)], reason: 'not-live' };
  const entries = [
    entry(1, { state: refused }),
    entry(2, { needs: [id(1)], state: blocked }),
    entry(3),
    entry(4, { previous: id(2) }),
  ];
  expect(chosen(entries)).toEqual([id(3)]);
});

test('[OB5] what merely comes after a refused entry of its record goes on', () => {
  expect(chosen([entry(1, { state: refused }), entry(2, { previous: id(1) })])).toEqual([id(2)]);
});

test('[OB8] what was being sent when the device died goes again', () => {
  expect(chosen([entry(1, { state: { at: 'sending' } })])).toEqual([id(1)]);
});

test('[NW2] a next try is due at its time, and when the clock has gone back behind the wait', () => {
  const waiting = (since: number, nextTry: number) => [
    entry(1, { state: { at: 'waiting', since, nextTry, error: '' } }),
  ];
  expect(chosen(waiting(500, 1_001))).toEqual([]);
  expect(chosen(waiting(500, 1_000))).toEqual([id(1)]);
  expect(chosen(waiting(3.2e11, 3.2e11 + 5_000))).toEqual([id(1)]);
});

test('[NW6] at least one transaction goes, however large', () => {
  expect(chosen([entry(1, { bytes: 5e6 }), entry(2)])).toEqual([id(1)]);
});
