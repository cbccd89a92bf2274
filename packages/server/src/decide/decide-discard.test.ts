import type { Mutation, MutationId } from '@holdfast/core';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  ada,
  createContact,
  decideAs,
  device,
  eve,
  known,
  make,
  resetWorld,
  send,
  tx,
  updateContact,
  valuesOf,
} from '../../test/decide-world.ts';

beforeEach(resetWorld);

const takeBack = ({ id, transaction }: Pick<Mutation, 'id' | 'transaction'>) => make.discard({ id, transaction });

describe('taking back under the own id', () => {
  test('[OB11] what comes first is the outcome: the discard before the mutation', () => {
    const create = createContact();
    expect(send(ada, [takeBack(create)])).toEqual(['discarded']);
    expect(send(ada, [create])).toEqual(['discarded']);
    expect(known.records.size).toBe(0);
    expect(send(ada, [takeBack(create)])).toEqual(['discarded']);
  });

  test('[OB11, SV1] the mutation before its discard: the receipt says that it came too late', () => {
    const create = createContact();
    const refused = createContact('c2', { name: '' });
    expect(send(ada, [create, refused])).toEqual(['applied', 'refused:invalid']);
    expect(send(ada, [takeBack(create), takeBack(refused)])).toEqual(['applied', 'refused:invalid']);
    expect(valuesOf('contacts', 'c1')).toMatchObject({ name: 'Ada' });
  });

  test('[OB11] in one message the order of the message counts', () => {
    const create = createContact();
    expect(decideAs(ada, [create, { ...takeBack(create), transaction: tx() }]).receipts).toMatchObject([
      { outcome: 'applied' },
      { outcome: 'applied' },
    ]);
  });

  test('[OB11] it is never held, whatever it takes back waits for', () => {
    const missing = make.uuid<MutationId>();
    const create = createContact('c1', {}, { after: [missing], needs: [missing] });
    expect(decideAs(ada, [create]).held).toEqual([create.id]);
    expect(send(ada, [{ ...takeBack(create), after: [missing], needs: [missing] }])).toEqual(['discarded']);
  });

  test('[OB1, OB2] it is an answer to what comes after it, and no effect to what needs it', () => {
    const create = createContact();
    const later = createContact('c2', {}, { after: [create.id] });
    const child = createContact('c3', {}, { needs: [create.id] });
    send(ada, [takeBack(create)]);
    expect(send(ada, [later])).toEqual(['applied']);
    expect(decideAs(ada, [child]).held).toEqual([child.id]);
  });

  test('[OB11] a transaction is taken back as a whole; with anything else in it, it is refused', () => {
    const transaction = tx();
    const [a, b] = [createContact('c1', {}, { transaction }), createContact('c2', {}, { transaction })];
    expect(send(ada, [takeBack(a), takeBack(b)])).toEqual(['discarded', 'discarded']);
    expect(send(ada, [a, b])).toEqual(['discarded', 'discarded']);
    const other = tx();
    const [c, d] = [createContact('c3', {}, { transaction: other }), createContact('c4', {}, { transaction: other })];
    expect(send(ada, [takeBack(c), d])).toEqual(['refused:invalid', 'refused:transaction']);
    expect(known.records.size).toBe(0);
  });

  test('[OB11, SV1] a part of a transaction that was taken back keeps the rest of it from applying', () => {
    const transaction = tx();
    const [a, b] = [createContact('c1', {}, { transaction }), createContact('c2', {}, { transaction })];
    send(ada, [takeBack(a)]);
    expect(send(ada, [a, b])).toEqual(['discarded', 'refused:transaction']);
    expect(known.records.size).toBe(0);
  });

  test('[SY11] an original that goes as a discard into a new epoch can still be resolved by what resolved it', () => {
    const original = createContact('c1', { name: '' });
    const resolution = createContact('c1', { name: 'Mended' }, { resolves: [original.id], after: [original.id] });
    expect(send(ada, [takeBack(original), resolution])).toEqual(['discarded', 'applied']);
    expect(send(ada, [createContact('c2', {}, { resolves: [original.id] })])).toEqual(['refused:resolved']);
  });
});

describe('ids of others', () => {
  test('[SV5] nobody takes back what is not his: the true author is answered as if nothing had been said', () => {
    const create = createContact();
    expect(send(eve, [takeBack(create)], device(2))).toEqual(['discarded']);
    const later = createContact('c2', {}, { after: [create.id] });
    expect(decideAs(ada, [later]).held).toEqual([later.id]);
    expect(send(ada, [create])).toEqual(['applied']);
    expect(send(eve, [takeBack(create)], device(2))).toEqual(['refused:reused']);
    expect(send(ada, [create])).toEqual(['applied']);
  });

  test('[SV5, OB11] nor does a resolution answer what somebody else has not sent yet', () => {
    const create = createContact();
    expect(send(eve, [createContact('c9', {}, { resolves: [create.id] })], device(2))).toEqual(['applied']);
    const child = createContact('c2', {}, { needs: [create.id] });
    expect(decideAs(ada, [child]).held).toEqual([child.id]);
    expect(send(ada, [create, child])).toEqual(['applied', 'applied']);
  });

  test('[SV5] what somebody else says to resolve a refused one does not keep its author from it', () => {
    const refused = createContact('c1', { name: '' });
    send(eve, [createContact('c9', {}, { resolves: [refused.id] })], device(2));
    expect(send(ada, [refused])).toEqual(['refused:invalid']);
    expect(send(ada, [createContact('c1', {}, { resolves: [refused.id] })])).toEqual(['applied']);
  });
});

describe('discarding answered work', () => {
  const giveUp = (...resolves: MutationId[]) => make.discard({ resolves });

  test('[OB10] it stands for what was refused, changes nothing, and is taken once', () => {
    const refused = createContact('c1', { name: '' });
    send(ada, [refused]);
    const decided = decideAs(ada, [giveUp(refused.id)]);
    expect(decided.receipts).toMatchObject([{ outcome: 'applied' }]);
    expect(decided.effects.batches).toEqual([]);
    expect(send(ada, [giveUp(refused.id)])).toEqual(['applied']);
    expect(send(ada, [giveUp(refused.id)])).toEqual(['refused:resolved']);
    expect(send(ada, [createContact('c1', {}, { resolves: [refused.id] })])).toEqual(['refused:resolved']);
  });

  test('[OB10] what took effect cannot be given up, and what is not his nobody gives up', () => {
    const applied = createContact();
    const refused = createContact('c2', { name: '' });
    send(ada, [applied, refused]);
    expect(send(ada, [giveUp(applied.id)])).toEqual(['refused:resolved']);
    expect(send(eve, [giveUp(refused.id)], device(2))).toEqual(['refused:forbidden']);
  });

  test('[OB11] targets without an answer are discarded by it', () => {
    const waiting = createContact('c1', {}, { after: [make.uuid<MutationId>()] });
    expect(send(ada, [giveUp(waiting.id), waiting])).toEqual(['applied', 'discarded']);
  });

  test('[OB1, OB10] it waits for what it comes after, and cannot resolve itself', () => {
    const waits = make.discard({ resolves: [make.uuid<MutationId>()], after: [make.uuid<MutationId>()] });
    expect(decideAs(ada, [waits]).held).toEqual([waits.id]);
    const id = make.uuid<MutationId>();
    expect(send(ada, [make.discard({ id, resolves: [id] })])).toEqual(['refused:invalid']);
  });

  test('[WR4] it is decided with its transaction', () => {
    const refused = createContact('c1', { name: '' });
    send(ada, [refused]);
    const transaction = tx();
    const give = make.discard({ resolves: [refused.id], transaction });
    expect(send(ada, [give, updateContact({ name: 'X' }, 1, { transaction })])).toEqual([
      'refused:transaction',
      'refused:gone',
    ]);
    expect(send(ada, [giveUp(refused.id)])).toEqual(['applied']);
  });
});
