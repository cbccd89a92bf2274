import type { Mutation, MutationId } from '@holdfast/core';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  ada,
  createContact,
  decideAs,
  device,
  dose,
  eve,
  known,
  make,
  resetWorld,
  send,
  stateOf,
  tx,
  updateContact,
  v,
  valuesOf,
} from '../../test/decide-world.ts';

beforeEach(resetWorld);

describe('exactly once', () => {
  test('[SV1] an id that was answered answers the same again, and does nothing', () => {
    const create = createContact();
    const first = decideAs(ada, [create]);
    send(ada, [create]);
    const again = decideAs(ada, [create]);
    expect(again.receipts).toEqual(first.receipts);
    expect(again.effects).toMatchObject({ batches: [], applied: [] });
  });

  test('[SV1] a refusal is final too, even where it would be taken now', () => {
    const update = updateContact({ name: 'B' }, 1);
    expect(send(ada, [update])).toEqual(['refused:gone']);
    expect(send(ada, [createContact()])).toEqual(['applied']);
    expect(send(ada, [update])).toEqual(['refused:gone']);
  });

  test('[SV1] the same id with other content is refused, and the stored answer is not touched', () => {
    const create = createContact();
    send(ada, [create]);
    const other = { ...createContact('c1', { name: 'Other' }), id: create.id };
    const decided = decideAs(ada, [other]);
    expect(decided.receipts).toEqual([{ id: create.id, outcome: 'refused', reason: 'reused', detail: null }]);
    expect(decided.effects.applied).toEqual([]);
    expect(send(ada, [create])).toEqual(['applied']);
  });

  test('[SV1] what a mutation waits for is not content', () => {
    const create = createContact();
    send(ada, [create]);
    expect(send(ada, [{ ...create, needs: [make.uuid<MutationId>()] }])).toEqual(['applied']);
  });

  test('[SV5] the answer to another user stays his: the id is refused as reused', () => {
    const create = createContact();
    send(ada, [create]);
    expect(send(eve, [create], device(9))).toEqual(['refused:reused']);
  });

  test('[SV1, WR4] what stands beside an answered mutation and is new is refused with its transaction', () => {
    const transaction = tx();
    const first = createContact('c1', {}, { transaction });
    send(ada, [first]);
    const late = createContact('c2', {}, { transaction });
    expect(send(ada, [first, late])).toEqual(['applied', 'refused:transaction']);
    expect(send(ada, [late])).toEqual(['refused:transaction']);
    expect(known.records.has('contacts/c2')).toBe(false);
  });
});

describe('holding', () => {
  const missing = () => make.uuid<MutationId>();

  test('[OB1] what comes after an unanswered entry is held, without a trace', () => {
    const decided = decideAs(ada, [createContact('c1', {}, { after: [missing()] })]);
    expect(decided.receipts).toEqual([]);
    expect(decided.held).toHaveLength(1);
    expect(decided.effects).toMatchObject({ batches: [], applied: [] });
  });

  test('[OB1] held ones hold up nothing else', () => {
    const held = createContact('c1', {}, { needs: [missing()] });
    const decided = decideAs(ada, [held, createContact('c2')]);
    expect(decided.held).toEqual([held.id]);
    expect(decided.receipts.map(({ outcome }) => outcome)).toEqual(['applied']);
  });

  test('[OB1, WR4] one held mutation holds its whole transaction', () => {
    const transaction = tx();
    const a = createContact('c1', {}, { transaction });
    const b = createContact('c2', {}, { transaction, after: [missing()] });
    expect(decideAs(ada, [a, b]).held).toEqual([a.id, b.id]);
  });

  test('[OB1] any answer releases what comes after it', () => {
    const refused = updateContact({ name: 'B' }, 1);
    send(ada, [refused]);
    expect(send(ada, [createContact('c1', {}, { after: [refused.id] })])).toEqual(['applied']);
  });

  test('[OB2] only an effect releases what needs it', () => {
    const refused = createContact('c1', { name: '' });
    const child = make.create({ collection: 'doses', record: 'd1', values: dose(), needs: [refused.id] });
    expect(send(ada, [refused])).toEqual(['refused:invalid']);
    expect(decideAs(ada, [child]).held).toEqual([child.id]);
  });

  test('[OB2, OB10] a resolution that took effect stands for what it resolves', () => {
    const refused = createContact('c1', { name: '' });
    send(ada, [refused]);
    const child = make.create({ collection: 'doses', record: 'd1', values: dose(), needs: [refused.id] });
    expect(send(ada, [child])).toEqual([]);
    expect(send(ada, [createContact('c1', {}, { resolves: [refused.id] }), child])).toEqual(['applied', 'applied']);
  });

  test('[OB2] a resolution of a resolution counts, one that was refused itself does not', () => {
    const first = createContact('c1', { name: '' });
    const second = createContact('c1', { name: '' }, { resolves: [first.id] });
    const child = make.create({ collection: 'doses', record: 'd1', values: dose(), needs: [first.id] });
    expect(send(ada, [first, second, child])).toEqual(['refused:invalid', 'refused:invalid']);
    expect(send(ada, [createContact('c1', {}, { resolves: [second.id] }), child])).toEqual(['applied', 'applied']);
  });

  test('[OB1] what is decided later in a message releases what stands before it', () => {
    const parent = createContact();
    const child = make.create({ collection: 'doses', record: 'd1', values: dose(), needs: [parent.id] });
    const update = updateContact({ name: 'B' }, 0, { after: [parent.id] });
    expect(send(ada, [update, child, parent])).toEqual(['applied', 'applied', 'applied']);
    expect(valuesOf('contacts', 'c1')).toMatchObject({ name: 'B' });
  });

  test('[OB1] two transactions that wait for each other are both held', () => {
    const [a, b] = [missing(), missing()];
    const first = createContact('c1', {}, { id: a, needs: [b] });
    const second = createContact('c2', {}, { id: b, after: [a] });
    expect(decideAs(ada, [first, second]).held).toEqual([a, b]);
  });

  test('[OB1] inside a transaction the written order counts, whatever the lists name', () => {
    const transaction = tx();
    const create = createContact('c1', {}, { transaction });
    const update = updateContact({ name: 'B' }, 0, { transaction, after: [create.id], needs: [create.id] });
    expect(send(ada, [create, update])).toEqual(['applied', 'applied']);
  });
});

describe('what is written', () => {
  const shapes = (mutations: readonly Mutation[]) => {
    const { effects } = decideAs(ada, mutations);
    return {
      batches: effects.batches.map((batch) => `${batch.kind} ${batch.collection} ${batch.rows.map(({ id }) => id)}`),
      versions: effects.applied.map(({ version }) => version),
    };
  };

  test('[OB1] a create and what follows it are one insert of one version', () => {
    const create = createContact();
    const first = updateContact({ name: 'B' }, 0, { after: [create.id] });
    const second = updateContact({ phone: '1' }, 0, { after: [create.id, first.id] });
    expect(shapes([create, first, second])).toEqual({
      batches: ['insert contacts c1'],
      versions: [v(1), v(1), v(1)],
    });
  });

  test('[OB1] updates of one record share a statement and a version; those of others do not wait for them', () => {
    send(ada, [createContact(), createContact('c2')]);
    const first = updateContact({ name: 'B' }, 1);
    const second = updateContact({ name: 'C' }, 1, { after: [first.id] });
    const other = make.update({ collection: 'contacts', record: 'c2', values: { name: 'D' }, base: v(1) });
    expect(shapes([first, other, second])).toEqual({
      batches: ['update contacts c1,c2'],
      versions: [v(2), v(2), v(2)],
    });
    send(ada, [first, other, second]);
    expect(valuesOf('contacts', 'c1')).toMatchObject({ name: 'C' });
  });

  test('[OB1] what is deleted after it was written takes a later statement and another version', () => {
    const create = createContact();
    const remove = make.delete({ collection: 'contacts', record: 'c1', after: [create.id], base: '0@' as never });
    expect(shapes([create, remove])).toEqual({
      batches: ['insert contacts c1', 'delete contacts c1'],
      versions: [v(1), v(2)],
    });
  });

  test('[CF9] a record that comes back after a delete is inserted again, with the count going on', () => {
    send(ada, [createContact()]);
    const remove = make.delete({ collection: 'contacts', record: 'c1', base: v(1) });
    const keep = updateContact({ name: 'Kept' }, 1);
    expect(shapes([remove, keep])).toEqual({
      batches: ['delete contacts c1', 'insert contacts c1'],
      versions: [v(2), v(3)],
    });
    send(ada, [remove, keep]);
    expect(stateOf('contacts', 'c1')).toMatchObject({ values: { name: 'Kept', mentorId: 'ada' }, deleted: null });
  });

  test('[OB2] parents are inserted before their children, and deleted after them', () => {
    const parent = createContact();
    const child = make.create({ collection: 'doses', record: 'd1', values: dose(), needs: [parent.id] });
    expect(shapes([parent, child]).batches).toEqual(['insert contacts c1', 'insert doses d1']);
    send(ada, [parent, child]);
    const gone = make.delete({ collection: 'doses', record: 'd1', base: v(1) });
    const after = make.delete({ collection: 'contacts', record: 'c1', base: v(1) });
    expect(shapes([after, gone]).batches).toEqual(['delete doses d1', 'delete contacts c1']);
  });
});
