import type { Mutation, MutationId, Stamp } from '@holdfast/core';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  ada,
  context,
  createContact,
  decideAs,
  device,
  dose,
  known,
  make,
  resetWorld,
  send,
  updateContact,
  v,
} from '../../test/decide-world.ts';
import { decideExchange, transactionsIn } from './decide-exchange.ts';

beforeEach(resetWorld);

describe('validity', () => {
  const bad: [string, () => Mutation][] = [
    ['an unknown collection', () => make.create({ collection: 'nothing\u0000', record: 'r1', values: { a: 1 } })],
    ['an unknown field', () => updateContact({ nothing: 1 }, 1)],
    ['a field that every object has', () => updateContact({ toString: 'x' }, 1)],
    ['a value of the wrong type', () => updateContact({ name: 5 }, 1)],
    ['a value the schema refuses', () => updateContact({ name: '' }, 1)],
    ['text that is not in NFC', () => updateContact({ name: 'e\u0301' }, 1)],
    ['text with NUL', () => updateContact({ name: 'a\u0000' }, 1)],
    ['text with half a character', () => updateContact({ name: '\ud800' }, 1)],
    [
      'a create without every field',
      () => make.create({ collection: 'contacts', record: 'c2', values: { name: 'A' } }),
    ],
    ['a part of a group', () => make.update({ collection: 'doses', record: 'd1', values: { amount: 2 }, base: v(1) })],
    [
      'a group over two changes',
      () => {
        const [base, stamp] = [v(1), make.stamp()];
        const set = [
          { values: { amount: 2 }, base, stamp },
          { values: { unit: 'ml' }, base, stamp },
        ];
        return make.update({ collection: 'doses', record: 'd1', set });
      },
    ],
    [
      'a field that is set twice',
      () => {
        const one = { values: { name: 'B' }, base: v(1), stamp: make.stamp() };
        return make.update({ collection: 'contacts', record: 'c1', set: [one, { ...one, values: { name: 'C' } }] });
      },
    ],
    [
      'operations',
      () => ({ ...updateContact({}, 1), ops: [{ field: 'name', op: 'increment', argument: 1 }] }) as Mutation,
    ],
    ['a former value that cannot be stored', () => updateContact({ name: 'B' }, 1, { was: { name: '\ud800' } })],
    [
      'a delete shown upon fields that do not exist',
      () => make.delete({ collection: 'contacts', record: 'c1', base: v(1), bases: [{ toString: v(1) }] }),
    ],
    [
      'a mutation that resolves itself',
      () => {
        const id = make.uuid<MutationId>();
        return createContact('c2', {}, { id, resolves: [id] });
      },
    ],
  ];

  test.each(bad)('[SV6, WR2] %s is refused as invalid, and says what', (_, mutation) => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    const decided = decideAs(ada, [mutation()]);
    expect(decided.receipts).toMatchObject([{ outcome: 'refused', reason: 'invalid', detail: expect.any(String) }]);
    expect(decided.effects.batches).toEqual([]);
    // What is kept of it must be text that every database takes.
    const [row] = decided.effects.applied;
    expect(JSON.stringify(row)).not.toMatch(/\\u0000|\\ud800/);
    expect(row?.receipt).toMatchObject({ detail: expect.stringMatching(/^.{1,500}$/) });
  });

  test('[WR5] an update that changes nothing is applied and makes no version', () => {
    send(ada, [createContact()]);
    const decided = decideAs(ada, [make.update({ collection: 'contacts', record: 'c1', values: {}, base: v(1) })]);
    expect(decided.receipts).toMatchObject([{ outcome: 'applied' }]);
    expect(decided.effects).toMatchObject({ batches: [], applied: [{ version: null }] });
  });

  test('[CF10] stamps are clamped before they are compared or stored', () => {
    const latest = '0000000000ffffff' as Stamp;
    const create = createContact();
    const decided = decideExchange(context(ada, device(1), { clamp: () => latest }), known, transactionsIn([create]));
    expect(decided.effects.batches[0]?.rows[0]?.changes).toMatchObject([{ stamp: latest, tie: create.id }]);
  });
});
