import {
  collection,
  custom,
  type DeletePolicy,
  lastWriteWins,
  type Mutation,
  manual,
  schema,
  serverWins,
  stampOf,
} from '@holdfast/core';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  ada,
  context,
  createContact,
  device,
  dose,
  eve,
  make,
  resetWorld,
  send,
  stateOf,
  tx,
  updateContact,
  v,
  valuesOf,
} from '../../test/decide-world.ts';
import { decideExchange, transactionsIn } from './decide-exchange.ts';

beforeEach(resetWorld);

const remove = (base: number, parts: object = {}) =>
  make.delete({ collection: 'contacts', record: 'c1', base: v(base), ...parts });
const restore = (base: number, parts: object = {}) =>
  make.restore({ collection: 'contacts', record: 'c1', base: v(base), ...parts });

describe('restore', () => {
  test('[CF9] upon the deletion that was shown the whole record comes back, with what is set upon it', () => {
    send(ada, [createContact('c1', { phone: '1' })]);
    send(eve, [remove(1)], device(2));
    expect(send(ada, [restore(2, { values: { name: 'Kept' } })])).toEqual(['applied']);
    expect(stateOf('contacts', 'c1')).toMatchObject({
      version: v(3),
      deleted: null,
      values: { name: 'Kept', phone: '1', mentorId: 'ada' },
    });
  });

  test('[CF9] a restore without changes brings it back as it was; of one that lives it is an update', () => {
    send(ada, [createContact()]);
    send(eve, [remove(1)], device(2));
    expect(send(ada, [restore(2)])).toEqual(['applied']);
    expect(valuesOf('contacts', 'c1')).toMatchObject({ name: 'Ada' });
    expect(send(ada, [restore(3, { values: { name: 'B' } })])).toEqual(['applied']);
    expect(stateOf('contacts', 'c1')).toMatchObject({ version: v(4), values: { name: 'B' } });
  });

  test('[CF9, CF1] the own delete of before is seen, and upon an own restore one can go on writing', () => {
    send(ada, [createContact()]);
    const gone = remove(1);
    const back = restore(1, { after: [gone.id] });
    const rename = updateContact({ name: 'B' }, 1, { after: [gone.id, back.id] });
    expect(send(ada, [gone, back, rename])).toEqual(['applied', 'applied', 'applied']);
    expect(stateOf('contacts', 'c1')).toMatchObject({ deleted: null, values: { name: 'B' } });
  });

  test('[SV5] nobody brings back what he could not see, nor into where he sees nothing', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    send(ada, [make.delete({ collection: 'doses', record: 'd1', base: v(1) })]);
    const other = { ...ada, scopes: [] };
    const back = () => make.restore({ collection: 'doses', record: 'd1', base: v(2) });
    expect(send(other, [back()], device(3))).toEqual(['refused:gone']);
    send(ada, [remove(1)]);
    // Its parent is gone: there is no scope that it could come back into.
    expect(send(ada, [back()])).toEqual(['refused:forbidden']);
    const transaction = tx();
    expect(send(ada, [restore(2, { transaction }), { ...back(), transaction }])).toEqual(['applied', 'applied']);
  });

  test('[SV6] a restore is checked like an update', () => {
    expect(send(ada, [restore(1, { values: { name: 5 } })])).toEqual(['refused:invalid']);
    expect(send(ada, [restore(1, { values: { nothing: 1 } })])).toEqual(['refused:invalid']);
  });
});

/** A world of one collection with these rules. */
function worldOf(onDelete: DeletePolicy, conflict = lastWriteWins()) {
  const fields = { name: z.string(), note: z.string() };
  const rules = schema({
    version: 1,
    collections: { contacts: collection(fields, { scopes: ['everyone'], onDelete, conflict }) },
  });
  let known = { applied: new Map(), records: new Map() } as Parameters<typeof decideExchange>[1];
  const deliver = (who: typeof ada, from: number, ...mutations: Mutation[]) => {
    const decided = decideExchange(context(who, device(from), { schema: rules }), known, transactionsIn(mutations));
    known = decided.after();
    return decided.receipts;
  };
  const state = () => known.records.get('contacts/c1')?.state;
  deliver(ada, 1, make.create({ collection: 'contacts', record: 'c1', values: { name: 'Ada', note: '' } }));
  return { deliver, state };
}

describe('delete against update', () => {
  const update = (base: number) =>
    make.update({
      collection: 'contacts',
      record: 'c1',
      values: { name: 'Mine' },
      base: v(base),
      was: { name: 'Ada' },
    });
  const last = { name: 'Ada', note: '' };

  test('[CF9] manual: an unseen deletion conflicts, with the last content; so does a delete upon unseen changes', () => {
    const { deliver, state } = worldOf('manual');
    deliver(eve, 2, remove(1));
    expect(deliver(ada, 1, update(1))).toMatchObject([
      {
        outcome: 'conflict',
        sides: {
          deletion: 'theirs',
          base: { name: 'Ada' },
          mine: { name: 'Mine' },
          theirs: last,
          version: v(2),
          by: 'eve',
        },
      },
    ]);
    expect(state()?.deleted).not.toBeNull();
    const again = worldOf('manual');
    again.deliver(eve, 2, update(1));
    expect(again.deliver(ada, 1, remove(1))).toMatchObject([
      {
        outcome: 'conflict',
        sides: { deletion: 'mine', theirs: { name: 'Mine', note: '' }, version: v(2), by: 'eve' },
      },
    ]);
    expect(again.state()?.deleted).toBeNull();
  });

  test('[CF9] a person who keeps the record restores it upon the deletion that the conflict showed', () => {
    const { deliver, state } = worldOf('manual');
    deliver(eve, 2, remove(1));
    const lost = update(1);
    const [answer] = deliver(ada, 1, lost);
    if (answer?.outcome !== 'conflict' || answer.sides === null) throw new Error('no conflict');
    const keep = restore(2, { base: answer.sides.version, values: { name: 'Mine' }, resolves: [lost.id] });
    expect(deliver(ada, 1, keep)).toMatchObject([{ outcome: 'applied' }]);
    expect(state()).toMatchObject({ deleted: null, values: { name: 'Mine', note: '' } });
  });

  test('[CF9] deleteWins: the update is lost and says so; a delete wins over unseen changes', () => {
    const { deliver, state } = worldOf('deleteWins');
    deliver(eve, 2, remove(1));
    expect(deliver(ada, 1, update(1))).toMatchObject([
      { outcome: 'merged', lost: [{ mine: { name: 'Mine' }, kept: {}, rule: 'deleted', by: 'eve' }] },
    ]);
    expect(state()?.deleted).not.toBeNull();
    const again = worldOf('deleteWins');
    again.deliver(eve, 2, update(1));
    expect(again.deliver(ada, 1, remove(1))).toMatchObject([{ outcome: 'applied' }]);
    expect(again.state()?.deleted).not.toBeNull();
  });

  test('[CF9] updateWins: the whole record comes back; a delete upon unseen changes is lost and says so', () => {
    const { deliver, state } = worldOf('updateWins');
    deliver(eve, 2, remove(1));
    expect(deliver(ada, 1, update(1))).toMatchObject([{ outcome: 'applied' }]);
    expect(state()).toMatchObject({ deleted: null, values: { name: 'Mine', note: '' } });
    const again = worldOf('updateWins');
    again.deliver(eve, 2, update(1));
    expect(again.deliver(ada, 1, remove(1))).toMatchObject([
      { outcome: 'merged', lost: [{ mine: {}, kept: { name: 'Mine', note: '' }, rule: 'updated', by: 'eve' }] },
    ]);
  });

  test.each(['manual', 'deleteWins', 'updateWins'] as const)(
    '[CF9] %s: a deletion that was seen is not undone by an update, and is undone by a restore',
    (policy) => {
      const { deliver, state } = worldOf(policy);
      deliver(eve, 2, remove(1));
      expect(deliver(ada, 1, update(2))).toMatchObject([{ outcome: 'refused', reason: 'deleted' }]);
      expect(deliver(ada, 1, restore(2))).toMatchObject([{ outcome: 'applied' }]);
      expect(state()).toMatchObject({ deleted: null, version: v(3), values: last });
    },
  );

  test.each([
    ['manual', 'conflict'],
    ['deleteWins', 'merged'],
    ['updateWins', 'applied'],
  ] as const)('[CF9] %s: a restore upon an older deletion than the last is %s', (policy, outcome) => {
    const { deliver } = worldOf(policy);
    deliver(eve, 2, remove(1));
    deliver(eve, 2, restore(2));
    deliver(eve, 2, remove(3));
    expect(deliver(ada, 1, restore(2, { values: { name: 'Mine' } }))).toMatchObject([{ outcome }]);
  });

  test.each(['manual', 'deleteWins', 'updateWins'] as const)(
    '[CF9] %s: deleting what is deleted changes nothing',
    (policy) => {
      const { deliver, state } = worldOf(policy);
      deliver(eve, 2, remove(1));
      expect(deliver(ada, 1, remove(1))).toMatchObject([{ outcome: 'applied' }]);
      expect(state()?.version).toBe(v(2));
    },
  );
});

describe('custom resolvers', () => {
  const update = (name: string, was: string, base: number) => {
    const stamp = stampOf(1_700_000_000_000, 0);
    return make.update({
      collection: 'contacts',
      record: 'c1',
      values: { name },
      base: v(base),
      was: { name: was },
      stamp,
    });
  };
  const longer = custom(({ mine, theirs }) =>
    String(mine['name']).length > String(theirs['name']).length ? mine : theirs,
  );

  test('[CF8] what the resolver makes of both is written, and what it takes away is told', () => {
    const { deliver, state } = worldOf('manual', longer);
    deliver(eve, 2, update('Evelyn', 'Ada', 1));
    expect(deliver(ada, 1, update('Al', 'Ada', 1))).toMatchObject([
      { outcome: 'merged', lost: [{ mine: { name: 'Al' }, kept: { name: 'Evelyn' }, rule: 'custom', by: 'eve' }] },
    ]);
    expect(deliver(ada, 1, update('Adelaide', 'Ada', 1))).toMatchObject([{ outcome: 'applied' }]);
    expect(state()?.values['name']).toBe('Adelaide');
  });

  test('[CF8] it sees what the value was for its writer, and only where there is something unseen', () => {
    const seen: unknown[] = [];
    const policy = custom((sides) => {
      seen.push(sides);
      return sides.theirs;
    });
    const { deliver } = worldOf('manual', policy);
    deliver(eve, 2, update('Eve', 'Ada', 1));
    expect(seen).toEqual([]);
    deliver(ada, 1, update('Mine', 'Ada', 1));
    expect(seen).toEqual([{ base: { name: 'Ada' }, mine: { name: 'Mine' }, theirs: { name: 'Eve' } }]);
  });

  test.each<[string, Parameters<typeof custom>[0]]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['leaves it to a person', () => null],
    ['forgets the field', () => ({})],
    ['gives what the schema does not take', () => ({ name: 5 })],
    ['is no pure function at all', (async () => ({ name: 'x' })) as never],
  ])('[CF8] one that %s makes the entry conflicted, with both sides', (_, resolve) => {
    const { deliver, state } = worldOf('manual', custom(resolve));
    deliver(eve, 2, update('Eve', 'Ada', 1));
    expect(deliver(ada, 1, update('Mine', 'Ada', 1))).toMatchObject([
      {
        outcome: 'conflict',
        sides: { base: { name: 'Ada' }, mine: { name: 'Mine' }, theirs: { name: 'Eve' }, by: 'eve' },
      },
    ]);
    expect(state()?.values['name']).toBe('Eve');
  });

  test('[CF4] serverWins: what is there stays, and what lost is told', () => {
    const { deliver, state } = worldOf('manual', serverWins());
    deliver(eve, 2, update('Eve', 'Ada', 1));
    expect(deliver(ada, 1, update('Mine', 'Ada', 1))).toMatchObject([
      { outcome: 'merged', lost: [{ mine: { name: 'Mine' }, kept: { name: 'Eve' }, rule: 'serverWins', by: 'eve' }] },
    ]);
    expect(state()?.values['name']).toBe('Eve');
  });

  test('[CF7] manual: neither is overwritten; the choice is a new mutation upon the version shown', () => {
    const { deliver, state } = worldOf('manual', manual());
    deliver(eve, 2, update('Eve', 'Ada', 1));
    const lost = update('Mine', 'Ada', 1);
    const [answer] = deliver(ada, 1, lost);
    if (answer?.outcome !== 'conflict' || answer.sides === null) throw new Error('no conflict');
    expect(state()?.values['name']).toBe('Eve');
    const values = { name: 'Mine' };
    const choice = { collection: 'contacts', record: 'c1', values, base: answer.sides.version, resolves: [lost.id] };
    expect(deliver(ada, 1, make.update(choice))).toMatchObject([{ outcome: 'applied' }]);
    expect(state()?.values['name']).toBe('Mine');
  });
});
