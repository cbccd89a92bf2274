import {
  addField,
  collection,
  command,
  fingerprint,
  inherit,
  type Mutation,
  type MutationId,
  manual,
  mapCommand,
  mapFields,
  must,
  ref,
  renameCollection,
  renameField,
  type Schema,
  schema,
  VERSION_NONE,
  type Version,
} from '@holdfast/core';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ada, context, device, eve, make, resetWorld, tx, v } from '../../test/decide-world.ts';
import { type CommandHandlers, commandHandlers } from '../commands/command-handler.ts';
import { loadRequestOf } from '../exchange/load-request.ts';
import type { Known } from './decide-context.ts';
import { decideExchange, transactionsIn } from './decide-exchange.ts';

const person = { scopes: ['mentor:{mentor}'], conflict: manual() };
const first = schema({
  version: 1,
  collections: {
    persons: collection({ first: z.string(), last: z.string(), tel: z.string(), mentor: z.string() }, person),
  },
  commands: { hello: command({ to: ref('persons') }) },
});
const people = collection(
  { name: z.string(), phone: z.string(), mentor: z.string(), region: z.string(), note: z.string().nullable() },
  person,
);
const second = schema({
  version: 2,
  collections: { people, visits: collection({ who: ref('people') }, { scopes: [inherit('who')] }) },
  commands: { greet: command({ who: ref('people') }) },
  steps: {
    2: [
      renameCollection('persons', 'people'),
      renameField('people', 'tel', 'phone'),
      mapFields('people', { from: ['first', 'last'], to: ['name'] }, ({ first, last }) => ({
        name: `${first} ${last}`,
      })),
      addField('people', 'region', 'north'),
      mapCommand('hello', 'greet', ({ to }) => ({ who: to ?? null })),
    ],
  },
});

const greeted = (by: Schema): CommandHandlers =>
  by === first
    ? commandHandlers(first, { hello: () => 'old' })
    : commandHandlers(second, {
        greet: (records, { args }) => {
          records.update('people', args.who, { note: 'greeted' });
          return 'new';
        },
      });

let known: Known;
beforeEach(() => {
  resetWorld();
  known = { applied: new Map(), records: new Map() };
});

function decideBy(by: Schema, who: typeof ada, mutations: readonly Mutation[], from = device(1)) {
  const deciding = context(who, from, { schema: by, commands: greeted(by) });
  return decideExchange(deciding, known, transactionsIn(mutations));
}
function deliver(by: Schema, who: typeof ada, mutations: readonly Mutation[], from = device(1)) {
  const decided = decideBy(by, who, mutations, from);
  known = decided.after();
  return decided.receipts.map((each) => (each.outcome === 'refused' ? `refused:${each.reason}` : each.outcome));
}
const valuesOf = (key: string) => must(known.records.get(key), key).state.values;
const old = (values = {}, parts = {}) =>
  make.create({
    collection: 'persons',
    record: 'p1',
    values: { first: 'Ada', last: 'L', tel: '1', mentor: 'ada', ...values },
    ...parts,
  });
const change = (values: Record<string, string>, base: Version, parts = {}) =>
  make.update({ collection: 'persons', record: 'p1', values, base, ...parts });
const newer = (values: Record<string, string>, base: Version, parts = {}) =>
  make.update({ collection: 'people', record: 'p1', values, base, schema: 2, ...parts });

describe('a mutation of an older schema', () => {
  test('[CF12] is brought to the schema of the day, and a create is completed', () => {
    expect(deliver(second, ada, [old()])).toEqual(['applied']);
    expect(valuesOf('people/p1')).toEqual({ name: 'Ada L', phone: '1', mentor: 'ada', region: 'north', note: null });
    expect(deliver(second, ada, [change({ tel: '2' }, v(1))])).toEqual(['applied']);
    expect(valuesOf('people/p1')).toMatchObject({ phone: '2' });
  });

  test('[CF12] what it needs under its new name is loaded', () => {
    const request = loadRequestOf(context(ada, device(1), { schema: second, commands: greeted(second) }), [
      change({ tel: '2' }, v(1)),
      make.command('hello', { to: 'p2' }, [{ collection: 'persons', record: 'p2' }]),
    ]);
    expect(request.records).toEqual([
      { collection: 'people', id: 'p1' },
      { collection: 'people', id: 'p2' },
    ]);
  });

  test('[CF12, CF1] what the device made earlier is seen by it, lifted or not', () => {
    const create = old();
    const rename = change({ tel: '2' }, VERSION_NONE, { after: [create.id] });
    const today = newer({ phone: '3' }, VERSION_NONE, { after: [create.id, rename.id] });
    expect(deliver(second, ada, [create, rename, today])).toEqual(['applied', 'applied', 'applied']);
    expect(known.applied.get(rename.id)).toMatchObject({ collection: 'people', record: 'p1' });
  });

  test('[CF12] conflicts with both sides as they are called today', () => {
    deliver(second, ada, [old()]);
    deliver(second, eve, [newer({ name: 'Eve', phone: '9' }, v(1))], device(2));
    const both = change({ first: 'A', last: 'B' }, v(1), { was: { first: 'Ada', last: 'L' } });
    const decided = decideBy(second, ada, [both]);
    expect(decided.receipts).toMatchObject([
      {
        outcome: 'conflict',
        sides: { fields: ['name'], base: { name: 'Ada L' }, mine: { name: 'A B' }, theirs: { name: 'Eve' } },
      },
    ]);
    expect(decided.effects.bay).toMatchObject([{ mutations: [both], sides: [{ mutation: both.id }] }]);
    // The resolution is made in the schema of the day.
    known = decided.after();
    expect(deliver(second, ada, [newer({ name: 'A B' }, v(2), { resolves: [both.id] })])).toEqual(['applied']);
  });

  test('[CF12, OB1] that is held is lifted anew when its time comes', () => {
    const missing = make.uuid<MutationId>();
    const create = old({}, { after: [missing] });
    expect(decideBy(first, ada, [create]).held).toEqual([create.id]);
    expect(decideBy(second, ada, [create]).held).toEqual([create.id]);
    expect(deliver(second, ada, [make.discard({ id: missing, schema: 2 }), create])).toEqual(['discarded', 'applied']);
    expect(valuesOf('people/p1')).toMatchObject({ name: 'Ada L' });
  });

  test('[CF12, SV1] is known again by what was sent, whatever the server has become since', () => {
    const create = old();
    deliver(first, ada, [create]);
    expect(known.applied.get(create.id)?.fingerprint).toBe(fingerprint(create));
    known = { ...known, records: new Map() };
    expect(deliver(second, ada, [create])).toEqual(['applied']);
    expect(known.records.size).toBe(0);
    expect(deliver(second, ada, [{ ...create, schema: 2 }])).toEqual(['applied']);
    expect(deliver(second, ada, [{ ...old({ first: 'X' }), id: create.id }])).toEqual(['refused:reused']);
  });

  test('[CF12, SV9] that cannot be lifted is refused with its reason, whole, and waits in the bay as it was sent', () => {
    deliver(second, ada, [old()]);
    const transaction = tx();
    const part = change({ first: 'A' }, v(1), { transaction });
    const beside = change({ tel: '3' }, v(1), { transaction });
    const decided = decideBy(second, ada, [beside, part]);
    expect(decided.receipts).toMatchObject([
      { outcome: 'refused', reason: 'transaction' },
      { outcome: 'refused', reason: 'schema', detail: 'people.name: needs last, which was not written' },
    ]);
    expect(decided.effects.batches).toEqual([]);
    expect(decided.effects.bay).toMatchObject([{ reason: 'schema', mutations: [beside, part] }]);
  });

  test.each<[string, () => Mutation]>([
    ['of a collection that no step names', () => make.create({ collection: 'things', record: 't1', values: { a: 1 } })],
    ['with a field that no step names', () => change({ hat: 'x' }, v(1))],
    [
      'of a create that nothing completes',
      () => make.create({ collection: 'persons', record: 'p2', values: { first: 'A', last: 'B' } }),
    ],
    ['of a command that is gone', () => make.command('goodbye', {}, [])],
    ['of a command that lost its argument', () => make.command('hello', {}, [])],
  ])('[CF12] %s, it is refused for its schema; of this schema it is invalid', (_, mutation) => {
    deliver(second, ada, [old()]);
    const sent = mutation();
    expect(decideBy(second, ada, [sent]).receipts).toMatchObject([{ reason: 'schema', detail: expect.any(String) }]);
    expect(decideBy(second, ada, [{ ...sent, schema: 2 }]).receipts).toMatchObject([{ reason: 'invalid' }]);
  });

  test('[CF12] other refusals keep their reason', () => {
    expect(deliver(second, ada, [change({ tel: '2' }, v(1))])).toEqual(['refused:gone']);
    expect(deliver(second, ada, [old({ mentor: 'bob' })])).toEqual(['refused:forbidden']);
  });

  test('[CF12] a command gets its name, arguments and targets of today', () => {
    deliver(second, ada, [old()]);
    const hello = make.command('hello', { to: 'p1' }, [{ collection: 'persons', record: 'p1' }]);
    const decided = decideBy(second, ada, [hello]);
    expect(decided.receipts).toMatchObject([{ outcome: 'applied', result: 'new' }]);
    expect(decided.effects.applied).toMatchObject([{ touched: [{ collection: 'people', record: 'p1' }] }]);
  });

  test('[CF12, CF9] a delete asks its bases of the fields of today', () => {
    deliver(second, ada, [old()]);
    const mine = newer({ phone: '2' }, v(1));
    deliver(second, ada, [mine]);
    const remove = (bases: Record<string, Version>[]) =>
      make.delete({ collection: 'persons', record: 'p1', base: v(2), bases, after: [mine.id] });
    expect(decideBy(second, ada, [remove([{ tel: v(2) }])]).receipts).toMatchObject([{ outcome: 'applied' }]);
    deliver(second, eve, [newer({ phone: '3' }, v(2))], device(2));
    const late = make.delete({ collection: 'persons', record: 'p1', base: v(3), bases: [{ tel: v(2) }] });
    expect(decideBy(second, ada, [late]).receipts).toMatchObject([{ outcome: 'conflict' }]);
  });
});
