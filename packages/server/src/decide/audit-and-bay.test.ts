import { clamp, collection, custom, lastWriteWins, type MutationId, schema, serverWins, stampOf } from '@holdfast/core';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  ada,
  bob,
  context,
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
} from '../../test/decide-world.ts';
import type { Principal } from '../auth/principal.ts';
import type { AuditEntry } from '../store/audit.ts';
import { decideExchange, transactionsIn } from './decide-exchange.ts';

beforeEach(resetWorld);

const later = stampOf(1_800_000_000_000, 0);
const earlier = stampOf(1_600_000_000_000, 0);
const brief = ({ event, user, other, rule, mine, theirs }: AuditEntry) => ({ event, user, other, rule, mine, theirs });
const auditOf = (...sent: Parameters<typeof decideAs>) => decideAs(...sent).effects.audit;
const bayOf = (...sent: Parameters<typeof decideAs>) => decideAs(...sent).effects.bay;

describe('audit', () => {
  test('[CF4] a plain write leaves none; a loss says who, what, to whom, by which rule and when', () => {
    const create = createContact();
    expect(auditOf(ada, [create])).toEqual([]);
    send(ada, [create]);
    const rename = updateContact({ name: 'Eve' }, 1, { stamp: later });
    expect(auditOf(eve, [rename], device(2))).toEqual([]);
    send(eve, [rename], device(2));
    const lost = updateContact({ name: 'Mine', phone: '1' }, 1);
    expect(decideAs(ada, [lost]).effects).toMatchObject({ at: context(ada).now });
    expect(auditOf(ada, [lost])).toEqual([
      {
        event: 'lost',
        user: 'ada',
        device: device(1),
        transaction: lost.transaction,
        mutation: lost.id,
        collection: 'contacts',
        record: 'c1',
        rule: 'lastWriteWins',
        other: 'eve',
        mine: { name: 'Mine' },
        theirs: { name: 'Eve' },
        stamp: lost.set[0]?.stamp,
        rawStamp: null,
        target: null,
      },
    ]);
  });

  test('[CF5, CF11] the value that lost because it came first is told too, whichever came first', () => {
    send(ada, [createContact()]);
    send(eve, [updateContact({ name: 'Eve' }, 1, { stamp: earlier })], device(2));
    expect(auditOf(ada, [updateContact({ name: 'Mine' }, 1)]).map(brief)).toEqual([
      {
        event: 'overrode',
        user: 'ada',
        other: 'eve',
        rule: 'lastWriteWins',
        mine: { name: 'Mine' },
        theirs: { name: 'Eve' },
      },
    ]);
  });

  test('[CF6] what a higher rank overrode names both', () => {
    const ranked = schema({
      version: 1,
      collections: {
        contacts: collection(
          { name: z.string() },
          { scopes: ['everyone'], conflict: lastWriteWins({ authority: ['coordinator', 'mentor'] }) },
        ),
      },
    });
    let now = known;
    const deliver = (who: Principal, from: number, ...mutations: Parameters<typeof transactionsIn>[0][number][]) => {
      const decided = decideExchange(context(who, device(from), { schema: ranked }), now, transactionsIn(mutations));
      now = decided.after();
      return decided.effects.audit.map(brief);
    };
    const write = (name: string) => make.update({ collection: 'contacts', record: 'c1', values: { name }, base: v(1) });
    deliver(ada, 1, make.create({ collection: 'contacts', record: 'c1', values: { name: 'Ada' } }));
    deliver(bob, 2, write('Bob'));
    expect(deliver(eve, 3, write('Eve'))).toMatchObject([
      { event: 'overrode', rule: 'authority', user: 'eve', other: 'bob' },
    ]);
    expect(deliver(ada, 1, write('Late'))).toMatchObject([
      { event: 'lost', rule: 'authority', user: 'ada', other: 'eve' },
    ]);
  });

  test.each([
    ['serverWins', serverWins(), 'lost'],
    ['custom', custom(({ theirs }) => theirs), 'lost'],
    ['custom', custom(({ mine }) => mine), 'overrode'],
  ] as const)('[CF4, CF8] %s: what it takes away is told', (rule, conflict, event) => {
    const app = schema({
      version: 1,
      collections: { contacts: collection({ name: z.string() }, { scopes: ['everyone'], conflict }) },
    });
    let now = known;
    const deliver = (who: Principal, name: string, create = false) => {
      const parts = { collection: 'contacts', record: 'c1', values: { name }, base: v(1) };
      const sent = transactionsIn([create ? make.create(parts) : make.update(parts)]);
      const decided = decideExchange(context(who, device(who === ada ? 1 : 2), { schema: app }), now, sent);
      now = decided.after();
      return decided.effects.audit.map(brief);
    };
    deliver(ada, 'Ada', true);
    deliver(eve, 'Eve');
    const mine = { mine: { name: 'Mine' }, theirs: { name: 'Eve' } };
    expect(deliver(ada, 'Mine')).toEqual([{ event, rule, user: 'ada', other: 'eve', ...mine }]);
  });

  test('[CF7] a conflict is told with both values, a refusal with its reason and what it held', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    send(eve, [make.update({ collection: 'doses', record: 'd1', values: { drug: 'y' }, base: v(1) })], device(2));
    const transaction = tx();
    const parts = { collection: 'doses', record: 'd1', values: { drug: 'z' }, base: v(1), transaction };
    expect(auditOf(ada, [make.update(parts), updateContact({ name: 'B' }, 1, { transaction })]).map(brief)).toEqual([
      { event: 'conflict', user: 'ada', other: 'eve', rule: 'manual', mine: { drug: 'z' }, theirs: { drug: 'y' } },
    ]);
    const both = [createContact('c9', { name: '' }, { transaction }), createContact('c8', {}, { transaction })];
    expect(auditOf(ada, both).map(brief)).toMatchObject([
      { event: 'refused', rule: 'invalid', mine: { name: '' } },
      { event: 'refused', rule: 'transaction', mine: { name: 'Ada' } },
    ]);
  });

  test('[OB10, OB11] discards and resolutions are told, each with what they stand for', () => {
    const refused = createContact('c1', { name: '' });
    send(ada, [refused]);
    const unsent = make.uuid<MutationId>();
    const fixed = createContact('c1', {}, { resolves: [refused.id, unsent] });
    expect(auditOf(ada, [fixed])).toMatchObject([
      { event: 'resolved', mutation: fixed.id, target: refused.id, collection: 'contacts', record: 'c1' },
      { event: 'resolved', mutation: fixed.id, target: unsent },
    ]);
    const given = make.discard({ resolves: [refused.id] });
    expect(auditOf(ada, [given])).toMatchObject([
      { event: 'resolved', target: refused.id, stamp: given.stamp, collection: 'contacts', record: 'c1' },
    ]);
    const targets = ['c1', 'c2'].map((record) => ({ collection: 'contacts', record }));
    expect(auditOf(ada, [make.command('nothing', { a: 1 }, targets)])).toMatchObject(
      targets.map((target) => ({ event: 'refused', rule: 'invalid', mine: { a: 1 }, ...target })),
    );
    const taken = make.discard({ id: unsent });
    expect(auditOf(ada, [taken])).toMatchObject([{ event: 'discarded', mutation: unsent, user: 'ada' }]);
  });

  test('[CF10] a stamp that was clamped on arrival is told, with what it was', () => {
    const wild = stampOf(1_900_000_000_000, 7);
    const now = 1_700_000_000_000;
    const over = { clamp: (stamp: typeof wild) => clamp(stamp, now, 60_000) };
    const create = createContact('c1', {}, { stamp: wild });
    const { effects } = decideExchange(context(ada, device(1), over), known, transactionsIn([create]));
    const stamp = clamp(wild, now, 60_000);
    expect(effects.audit).toMatchObject([{ event: 'clamped', mutation: create.id, rawStamp: wild, stamp }]);
    expect(effects.batches[0]?.rows[0]?.changes).toMatchObject([{ stamp }]);
  });

  test('[SV1] what is sent again is not told again', () => {
    const refused = createContact('c1', { name: '' });
    send(ada, [refused]);
    expect(auditOf(ada, [refused])).toEqual([]);
    expect(auditOf(ada, [make.discard({ id: refused.id })])).toEqual([]);
  });
});

describe('the bay', () => {
  test('[SV9] keeps a refused transaction whole, as it was sent, with the reason of its culprit', () => {
    const transaction = tx();
    const all = [
      createContact('c1', {}, { transaction }),
      createContact('c2', { name: 5, phone: '\u0000' }, { transaction }),
      createContact('c3', {}, { transaction }),
    ];
    expect(bayOf(ada, all)).toEqual([
      {
        id: all[0]?.id,
        transaction,
        user: 'ada',
        role: 'mentor',
        device: device(1),
        outcome: 'refused',
        reason: 'invalid',
        detail: expect.stringContaining('contacts'),
        mutations: all,
        sides: [],
      },
    ]);
  });

  test('[SV9] keeps a conflicted transaction, with both sides', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    send(eve, [make.update({ collection: 'doses', record: 'd1', values: { drug: 'y' }, base: v(1) })], device(2));
    const transaction = tx();
    const rename = updateContact({ name: 'B' }, 1, { transaction });
    const drug = make.update({ collection: 'doses', record: 'd1', values: { drug: 'z' }, base: v(1), transaction });
    expect(bayOf(ada, [rename, drug])).toMatchObject([
      {
        outcome: 'conflict',
        reason: null,
        mutations: [{ id: rename.id }, { id: drug.id }],
        sides: [{ mutation: drug.id, sides: { mine: { drug: 'z' }, theirs: { drug: 'y' } } }],
      },
    ]);
  });

  test('[SV9, SV1] keeps nothing of what took effect, was taken back, is held, or was answered before', () => {
    const refused = createContact('c1', { name: '' });
    send(ada, [refused]);
    expect(bayOf(ada, [refused])).toEqual([]);
    expect(bayOf(ada, [createContact('c2')])).toEqual([]);
    expect(bayOf(ada, [make.discard({})])).toEqual([]);
    expect(bayOf(ada, [createContact('c2', {}, { after: [make.uuid<MutationId>()] })])).toEqual([]);
    expect(bayOf(eve, [refused], device(2))).toEqual([]);
  });

  test('[SV9, OB10] keeps nothing of what is resolved already', () => {
    const refused = createContact('c1', { name: '' });
    send(ada, [refused]);
    send(ada, [make.discard({ resolves: [refused.id] })]);
    const transaction = tx();
    const late = [
      createContact('c1', {}, { resolves: [refused.id], transaction }),
      createContact('c2', {}, { transaction }),
    ];
    expect(decideAs(ada, late).receipts).toMatchObject([{ reason: 'resolved' }, { reason: 'transaction' }]);
    expect(bayOf(ada, late)).toEqual([]);
  });
});

describe('what others wrote', () => {
  test('[SV5] is not handed out again to who lost sight of the record; his own side is', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    send(eve, [make.update({ collection: 'doses', record: 'd1', values: { drug: 'secret' }, base: v(1) })], device(2));
    send(eve, [updateContact({ name: 'Hidden' }, 1, { stamp: later })], device(2));
    const drug = make.update({
      collection: 'doses',
      record: 'd1',
      values: { drug: 'z' },
      base: v(1),
      was: { drug: 'x' },
    });
    const name = updateContact({ name: 'Mine', phone: '1' }, 1);
    expect(send(ada, [drug, name])).toEqual(['conflict', 'merged']);
    const [conflict, merged] = decideAs(ada, [drug, name]).receipts;
    expect(JSON.stringify([conflict, merged])).toMatch(/secret.*Hidden/);
    send(eve, [updateContact({ mentorId: 'bob' }, 3)], device(2));
    const again = decideAs(ada, [drug, name]).receipts;
    expect(JSON.stringify(again)).not.toMatch(/secret|Hidden|eve/);
    expect(again).toMatchObject([
      {
        outcome: 'conflict',
        sides: { fields: ['drug'], base: { drug: 'x' }, mine: { drug: 'z' }, theirs: {}, by: null },
      },
      { outcome: 'merged', lost: [{ mine: { name: 'Mine' }, kept: {}, rule: 'lastWriteWins', by: null }] },
    ]);
  });
});
