import {
  type DeviceId,
  type Epoch,
  type Json,
  type Mutation,
  type MutationId,
  mintEpoch,
  must,
  type Scope,
  type Stamp,
  stampOf,
  type TransactionId,
  type UserId,
  versionOf,
} from '@holdfast/core';
import { clinic, MutationMaker } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Principal } from '../auth/principal.ts';
import { recordKey } from '../store/server-store.ts';
import type { DecideContext, Known } from './decide-context.ts';
import { decideExchange, transactionsIn } from './decide-exchange.ts';

const epoch = mintEpoch(1_700_000_000_000, new Uint8Array(4), null);
const v = (count: number) => versionOf(epoch, count);
const scope = (text: string) => text as Scope;
const device = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}` as DeviceId;

const ada: Principal = { user: 'ada' as UserId, role: 'mentor', scopes: [scope('mentor:ada'), scope('everyone')] };
const bob: Principal = { user: 'bob' as UserId, role: 'mentor', scopes: [scope('mentor:bob'), scope('everyone')] };
const eve: Principal = {
  user: 'eve' as UserId,
  role: 'coordinator',
  scopes: [scope('mentor:ada'), scope('mentor:bob'), scope('everyone')],
};

let make: MutationMaker;
let known: Known;

beforeEach(() => {
  make = new MutationMaker();
  known = { applied: new Map(), records: new Map() };
});

function context(principal: Principal, from = device(1), over: Partial<DecideContext> = {}): DecideContext {
  return { schema: clinic, epoch: epoch as Epoch, principal, device: from, clamp: (stamp) => stamp, ...over };
}

/** Decides without writing. */
function decideAs(principal: Principal, mutations: readonly Mutation[], from?: DeviceId) {
  return decideExchange(context(principal, from), known, transactionsIn(mutations));
}

/** Decides and goes on from there. Outcomes in short: `applied`, `refused:gone`, … */
function send(principal: Principal, mutations: readonly Mutation[], from?: DeviceId): string[] {
  const decided = decideAs(principal, mutations, from);
  known = decided.after();
  return decided.receipts.map((each) => (each.outcome === 'refused' ? `refused:${each.reason}` : each.outcome));
}

const stateOf = (name: string, id: string) => must(known.records.get(recordKey(name, id)), id).state;
const valuesOf = (name: string, id: string) => stateOf(name, id).values;

const contact = (values: Record<string, Json> = {}) => ({ name: 'Ada', phone: null, mentorId: 'ada', ...values });
const dose = (values: Record<string, Json> = {}) => ({ contactId: 'c1', drug: 'x', amount: 1, unit: 'mg', ...values });

function createContact(id = 'c1', values: Record<string, Json> = {}, parts: object = {}) {
  return make.create({ collection: 'contacts', record: id, values: contact(values), ...parts });
}

function updateContact(values: Record<string, Json>, base: number, parts: object = {}) {
  return make.update({ collection: 'contacts', record: 'c1', values, base: v(base), ...parts });
}

const tx = () => make.uuid<TransactionId>();

describe('exactly once', () => {
  test('[SV1] an id that was answered answers the same again, and does nothing', () => {
    const create = createContact();
    const first = decideAs(ada, [create]);
    known = first.after();
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

describe('permission', () => {
  test('[SV5] a create outside the scopes of its writer is forbidden', () => {
    expect(send(ada, [createContact('c1', { mentorId: 'bob' })])).toEqual(['refused:forbidden']);
    expect(send(ada, [createContact('c1', { mentorId: null })])).toEqual(['refused:forbidden']);
  });

  test('[SV5] no answer tells whether a record exists that the writer may not see', () => {
    send(bob, [createContact('c1', { mentorId: 'bob' })], device(2));
    const answers = ['c1', 'nothing'].flatMap((record) =>
      [
        make.update({ collection: 'contacts', record, values: { name: 'X' }, base: v(1) }),
        make.delete({ collection: 'contacts', record, base: v(1) }),
        make.update({ collection: 'contacts', record, values: { name: '' }, base: v(1) }),
        make.update({ collection: 'contacts', record, values: { mentorId: 'ada' }, base: v(1) }),
      ].map((mutation) => JSON.stringify({ ...decideAs(ada, [mutation]).receipts[0], id: null })),
    );
    expect(answers.slice(0, 4)).toEqual(answers.slice(4));
    expect(answers[0]).toContain('"gone"');
    expect(answers[2]).toContain('"invalid"');
  });

  test('[SV5] a record cannot be moved to where its writer sees nothing', () => {
    send(ada, [createContact()]);
    expect(send(ada, [updateContact({ mentorId: 'bob' }, 1)])).toEqual(['refused:forbidden']);
    expect(send(eve, [updateContact({ mentorId: 'bob' }, 1)], device(2))).toEqual(['applied']);
    expect(send(ada, [updateContact({ name: 'X' }, 2)])).toEqual(['refused:gone']);
  });

  test('[SV5] what was moved away earlier in the same exchange is seen where it is now', () => {
    send(eve, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    const move = updateContact({ mentorId: 'bob' }, 1);
    const change = make.update({ collection: 'doses', record: 'd1', values: { drug: 'z' }, base: v(1) });
    const narrow = { ...eve, scopes: [scope('mentor:ada'), scope('mentor:bob')] };
    expect(send(narrow, [move, change], device(2))).toEqual(['applied', 'applied']);
    const later = make.update({ collection: 'doses', record: 'd1', values: { drug: 'q' }, base: v(2) });
    expect(send(ada, [later])).toEqual(['refused:gone']);
  });

  test('[SV5] a child stands in its parent: one whose parent is not seen is forbidden, as if there were none', () => {
    send(bob, [createContact('c1', { mentorId: 'bob' })], device(2));
    const under = (contactId: string) => {
      const child = make.create({ collection: 'doses', record: 'd1', values: dose({ contactId }) });
      return JSON.stringify({ ...decideAs(ada, [child]).receipts[0], id: null });
    };
    expect(under('c1')).toBe(under('nothing'));
    expect(under('c1')).toContain('"forbidden"');
  });

  test('[SV5] writers: only these roles may write; who cannot see a record learns nothing of it either', () => {
    const rule = (record: string) => make.create({ collection: 'rules', record, values: { text: 'a' } });
    expect(send(ada, [rule('r1')])).toEqual(['refused:forbidden']);
    expect(send({ ...eve, role: null }, [rule('r1')])).toEqual(['refused:forbidden']);
    expect(send(eve, [rule('r1')])).toEqual(['applied']);
    const change = () => make.update({ collection: 'rules', record: 'r1', values: { text: 'b' }, base: v(1) });
    expect(send(ada, [change()])).toEqual(['refused:forbidden']);
    expect(send({ ...ada, scopes: [scope('mentor:ada')] }, [change()])).toEqual(['refused:gone']);
  });

  test('[SV5] an id that exists is refused as such only to who could have made it', () => {
    send(bob, [createContact('c1', { mentorId: 'bob' })], device(2));
    expect(send(ada, [createContact('c1', { mentorId: 'bob' })])).toEqual(['refused:forbidden']);
    expect(send(ada, [createContact('c1')])).toEqual(['refused:exists']);
  });

  test('[SV5] what was seen before an exchange can be deleted in it, also after its parent', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    const parent = make.delete({ collection: 'contacts', record: 'c1', base: v(1) });
    const child = () => make.delete({ collection: 'doses', record: 'd1', base: v(1) });
    expect(decideAs(ada, [parent, child()]).receipts).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }]);
    expect(send(ada, [parent])).toEqual(['applied']);
    expect(send(ada, [child()])).toEqual(['refused:gone']);
  });

  test('[CF9, SV5] a deleted record is known to those who could see it when it was deleted', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    send(ada, [make.delete({ collection: 'doses', record: 'd1', base: v(1) })]);
    const late = () => make.update({ collection: 'doses', record: 'd1', values: { drug: 'z' }, base: v(1) });
    expect(send(bob, [late()], device(3))).toEqual(['refused:gone']);
    expect(send(eve, [late()], device(2))).toEqual(['conflict']);
  });
});

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
    send(ada, [other, change]);
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
