import type { MutationId, Position } from '@holdfast/core';
import { expect, test } from 'vitest';
import { type EntryState, moved, TRANSITIONS } from './entry-state.ts';

const receipt = { outcome: 'applied', id: 'm1' as MutationId, position: '5' as Position } as const;
const entry = (state: EntryState) => ({ id: 'm1' as MutationId, seq: 1, state });

test('[OB7] every state can be reached from a new entry, and none is a dead end', () => {
  const reached = new Set<EntryState['at']>(['pending']);
  for (const at of reached) for (const next of TRANSITIONS[at]) reached.add(next);
  expect([...reached].sort()).toEqual(Object.keys(TRANSITIONS).sort());
  // From everywhere a way leads on to where entries leave from: a receipt, or what a person decided.
  for (const at of reached) {
    const ahead = new Set<EntryState['at']>([at]);
    for (const one of ahead) for (const next of TRANSITIONS[one]) ahead.add(next);
    expect(ahead.has('accepted'), at).toBe(true);
    expect(ahead.has('resolving'), at).toBe(true);
  }
});

test('[OB7, OB11] what is not in the table does not happen', () => {
  const accepted: EntryState = { at: 'accepted', receipt };
  expect(() => moved(entry(accepted), { at: 'sending' })).toThrow('an entry cannot go from accepted to sending');
  // An answer that is here takes effect at its checkpoint: nobody takes it back before.
  expect(() => moved(entry(accepted), { at: 'resolving', by: null, receipt })).toThrow();
  expect(moved(entry({ at: 'pending' }), accepted)).toEqual({ id: 'm1', seq: 1, state: accepted });
});
