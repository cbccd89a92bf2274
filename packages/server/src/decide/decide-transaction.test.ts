import { type MutationId, stampOf } from '@holdfast/core';
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
  tx,
  updateContact,
  v,
  valuesOf,
} from '../../test/decide-world.ts';

beforeEach(resetWorld);

describe('transactions', () => {
  test('[WR4] if one is refused all are; the culprit keeps its reason', () => {
    const transaction = tx();
    const good = createContact('c1', {}, { transaction });
    const bad = createContact('c2', { name: '' }, { transaction });
    const more = createContact('c3', {}, { transaction });
    expect(send(ada, [good, bad, more])).toEqual(['refused:transaction', 'refused:invalid', 'refused:transaction']);
    expect(known.records.size).toBe(0);
  });

  test('[WR4] if none is refused but one conflicts, all are conflicted', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    send(eve, [make.update({ collection: 'doses', record: 'd1', values: { drug: 'y' }, base: v(1) })], device(2));
    const transaction = tx();
    const rename = updateContact({ name: 'B' }, 1, { transaction });
    const other = {
      collection: 'doses',
      record: 'd1',
      values: { drug: 'z' },
      base: v(1),
      transaction,
      was: { drug: 'x' },
    };
    const decided = decideAs(ada, [rename, make.update(other)]);
    expect(decided.receipts).toMatchObject([
      { outcome: 'conflict', sides: null },
      { outcome: 'conflict', sides: { base: { drug: 'x' }, mine: { drug: 'z' }, theirs: { drug: 'y' }, by: 'eve' } },
    ]);
    expect(decided.effects.batches).toEqual([]);
  });

  test('[WR4] a refusal outweighs a conflict', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    send(eve, [make.update({ collection: 'doses', record: 'd1', values: { drug: 'y' }, base: v(1) })], device(2));
    const transaction = tx();
    const conflicting = { collection: 'doses', record: 'd1', values: { drug: 'z' }, base: v(1), transaction };
    const refused = createContact('c1', {}, { transaction });
    expect(send(ada, [make.update(conflicting), refused])).toEqual(['refused:transaction', 'refused:exists']);
  });

  test('[WR4] merges inside a transaction apply', () => {
    send(ada, [createContact()]);
    send(eve, [updateContact({ name: 'Eve' }, 1, { stamp: stampOf(1_800_000_000_000, 0) })], device(2));
    const transaction = tx();
    const mixed = updateContact({ name: 'Mine', phone: '1' }, 1, { transaction });
    expect(send(ada, [mixed, createContact('c2', {}, { transaction })])).toEqual(['merged', 'applied']);
    expect(valuesOf('contacts', 'c1')).toMatchObject({ name: 'Eve', phone: '1' });
  });

  test('[WR4] what follows a conflict in its transaction is judged as if it had been chosen', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    send(eve, [make.update({ collection: 'doses', record: 'd1', values: { drug: 'y' }, base: v(1) })], device(2));
    const transaction = tx();
    const remove = make.delete({ collection: 'doses', record: 'd1', base: v(1), transaction });
    const after = make.update({ collection: 'doses', record: 'd1', values: { drug: 'z' }, base: v(1), transaction });
    expect(send(ada, [remove, after])).toEqual(['refused:transaction', 'refused:deleted']);
  });
});

describe('what a writer has seen', () => {
  const doseUpdate = (drug: string, parts: object = {}) =>
    make.update({ collection: 'doses', record: 'd1', values: { drug }, base: v(1), ...parts });

  beforeEach(() => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
  });

  test('[CF1] the own earlier entries named in `after` are seen, others of the same base conflict', () => {
    const first = doseUpdate('y');
    expect(send(ada, [first])).toEqual(['applied']);
    expect(send(ada, [doseUpdate('z', { after: [first.id] })])).toEqual(['applied']);
    expect(send(eve, [doseUpdate('q')], device(2))).toEqual(['conflict']);
  });

  test('[CF1, SV5] naming what another device or user made does not make it seen', () => {
    const first = doseUpdate('y');
    send(ada, [first]);
    expect(send(eve, [doseUpdate('z', { after: [first.id] })], device(1))).toEqual(['conflict']);
    expect(send(ada, [doseUpdate('z', { after: [first.id] })], device(2))).toEqual(['conflict']);
  });

  test('[CF1] versions of other records are not own versions of this one', () => {
    const other = make.create({ collection: 'doses', record: 'd2', values: dose() });
    const change = make.update({
      collection: 'doses',
      record: 'd2',
      values: { drug: 'y' },
      base: v(1),
      after: [other.id],
    });
    send(ada, [other]);
    send(ada, [change]);
    send(eve, [doseUpdate('q')], device(2));
    expect(send(ada, [doseUpdate('z', { after: [other.id, change.id] })])).toEqual(['conflict']);
  });

  test('[CF1] what a resolution made on the same device counts as made by what it resolves', () => {
    send(eve, [doseUpdate('q')], device(2));
    const lost = doseUpdate('y');
    expect(send(ada, [lost])).toEqual(['conflict']);
    const choice = doseUpdate('y', { base: v(2), resolves: [lost.id], after: [lost.id] });
    expect(send(ada, [choice])).toEqual(['applied']);
    expect(send(ada, [doseUpdate('z', { after: [lost.id] })])).toEqual(['applied']);
  });

  test('[CF1, OB10] of several that stand for one, each counts as made by it', () => {
    send(eve, [doseUpdate('q')], device(2));
    const lost = doseUpdate('y');
    expect(send(ada, [lost])).toEqual(['conflict']);
    const transaction = tx();
    const parts = { resolves: [lost.id], after: [lost.id], transaction };
    const choice = [updateContact({ phone: '1' }, 1, parts), doseUpdate('y', { base: v(2), ...parts })];
    expect(send(ada, choice)).toEqual(['applied', 'applied']);
    expect(send(ada, [doseUpdate('z', { after: [lost.id] })])).toEqual(['applied']);
  });

  test('[CF1] earlier mutations of the same transaction are seen', () => {
    const transaction = tx();
    expect(send(ada, [doseUpdate('y', { transaction }), doseUpdate('z', { transaction })])).toEqual([
      'applied',
      'applied',
    ]);
  });

  test('[CF9] a delete counts its own earlier changes as seen, and no others', () => {
    const first = doseUpdate('y');
    send(ada, [first]);
    const remove = () => make.delete({ collection: 'doses', record: 'd1', base: v(1), after: [first.id] });
    expect(decideAs(ada, [remove()]).receipts).toMatchObject([{ outcome: 'applied' }]);
    send(eve, [doseUpdate('q', { base: v(2) })], device(2));
    expect(decideAs(ada, [remove()]).receipts).toMatchObject([{ outcome: 'conflict', sides: { deletion: 'mine' } }]);
  });
});

describe('resolutions', () => {
  test('[OB10] a target that took effect, or was resolved, cannot be resolved again', () => {
    const applied = createContact();
    const refused = createContact('c2', { name: '' });
    send(ada, [applied, refused]);
    expect(send(ada, [createContact('c3', {}, { resolves: [applied.id] })])).toEqual(['refused:resolved']);
    expect(send(ada, [createContact('c2', {}, { resolves: [refused.id] })])).toEqual(['applied']);
    expect(send(ada, [createContact('c4', {}, { resolves: [refused.id] })])).toEqual(['refused:resolved']);
  });

  test('[OB11] what had no answer is discarded by the resolution that takes effect, whatever it holds', () => {
    const waiting = createContact('c1', {}, { after: [make.uuid<MutationId>()] });
    expect(send(ada, [waiting])).toEqual([]);
    const instead = createContact('c1', { name: 'Instead' }, { resolves: [waiting.id] });
    expect(send(ada, [instead, waiting])).toEqual(['applied', 'discarded']);
    expect(send(ada, [waiting])).toEqual(['discarded']);
    expect(valuesOf('contacts', 'c1')).toMatchObject({ name: 'Instead' });
  });

  test('[OB10] a resolution that is refused leaves its targets as they were', () => {
    const waiting = createContact('c1', {}, { after: [make.uuid<MutationId>()] });
    const instead = createContact('c1', { name: '' }, { resolves: [waiting.id] });
    expect(send(ada, [instead, waiting])).toEqual(['refused:invalid']);
    expect(known.applied.has(waiting.id)).toBe(false);
  });

  test('[SV5] nobody resolves what is not his own', () => {
    const refused = createContact('c1', { name: '' });
    send(ada, [refused]);
    expect(send(eve, [createContact('c1', {}, { resolves: [refused.id] })], device(2))).toEqual(['refused:forbidden']);
  });
});
