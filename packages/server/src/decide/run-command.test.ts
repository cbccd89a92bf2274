import {
  collection,
  command,
  inherit,
  type Mutation,
  manual,
  ref,
  schema,
  type Version,
  versionOf,
} from '@holdfast/core';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ada, context, device, epoch, eve, make, resetWorld, scope, tx, v } from '../../test/decide-world.ts';
import { type CommandHandlers, commandHandlers, reject } from '../commands/command-handler.ts';
import { recordKey } from '../store/server-store.ts';
import type { Known } from './decide-context.ts';
import { decideExchange, transactionsIn } from './decide-exchange.ts';

const store = schema({
  version: 1,
  collections: {
    items: collection(
      { owner: z.string(), name: z.string(), count: z.int().min(0), size: z.int(), unit: z.string() },
      { scopes: ['mentor:{owner}'], groups: [['size', 'unit']], conflict: manual() },
    ),
    moves: collection({ item: ref('items'), by: z.int() }, { scopes: [inherit('item')] }),
    logs: collection({ text: z.string() }, { scopes: ['everyone'], writers: ['coordinator'] }),
  },
  commands: {
    take: command({ item: ref('items'), by: z.int().default(1), note: z.string().optional() }),
    anything: command({ items: z.array(ref('items')) }),
  },
});

type Anything = Parameters<typeof commandHandlers<typeof store>>[1]['anything'];
let anything: Anything;
const handlers = (): CommandHandlers =>
  commandHandlers(store, {
    take: {
      loads: ({ id }) => [{ collection: 'moves', record: id }],
      handle: (records, { id, args }) => {
        const item = records.read('items', args.item);
        if (item === null) return reject('there is no such item');
        if (item.count < args.by) return reject(`only ${item.count} left`);
        records.update('items', args.item, { count: item.count - args.by });
        records.insert('moves', id, { item: args.item, by: args.by });
        return { left: item.count - args.by };
      },
    },
    anything,
  });

let known: Known;
beforeEach(() => {
  resetWorld();
  known = { applied: new Map(), records: new Map() };
  anything = () => undefined;
});

function decideAs(who: typeof ada, mutations: readonly Mutation[], from = device(1), over: object = {}) {
  const deciding = context(who, from, { schema: store, commands: handlers(), ...over });
  return decideExchange(deciding, known, transactionsIn(mutations));
}
function send(who: typeof ada, mutations: readonly Mutation[], from = device(1)) {
  const decided = decideAs(who, mutations, from);
  known = decided.after();
  return decided.receipts.map((each) => (each.outcome === 'refused' ? `refused:${each.reason}` : each.outcome));
}
const item = (id = 'i1', values: object = {}, parts: object = {}) =>
  make.create({
    collection: 'items',
    record: id,
    values: { owner: 'ada', name: 'Box', count: 5, size: 1, unit: 'm', ...values },
    ...parts,
  });
const take = (by: number, id = 'i1', parts: object = {}) =>
  make.command('take', { item: id, by }, [{ collection: 'items', record: id }], parts);
const run = (handle: Extract<Anything, (...args: never[]) => unknown>, items = ['i1'], parts: object = {}) => {
  anything = handle;
  const targets = items.map((record) => ({ collection: 'items', record }));
  return make.command('anything', { items }, targets, parts);
};
const rename = (name: string, base: Version, parts: object = {}) =>
  make.update({ collection: 'items', record: 'i1', values: { name }, base, ...parts });
const valuesOf = (name: string, id: string) => known.records.get(recordKey(name, id))?.state.values;

describe('running', () => {
  test('[SV1] a command writes and answers with its result, once for its id', () => {
    send(ada, [item()]);
    const one = take(2);
    const decided = decideAs(ada, [one]);
    expect(decided.receipts).toEqual([{ id: one.id, outcome: 'applied', result: { left: 3 } }]);
    expect(send(ada, [one])).toEqual(['applied']);
    expect(decideAs(ada, [one]).receipts).toMatchObject([{ outcome: 'applied', result: { left: 3 } }]);
    expect(send(ada, [one])).toEqual(['applied']);
    expect(valuesOf('items', 'i1')).toMatchObject({ count: 3 });
    expect(valuesOf('moves', one.id)).toEqual({ item: 'i1', by: 2 });
  });

  test('[SV1] the same id with other arguments is refused', () => {
    send(ada, [item()]);
    const one = take(2);
    send(ada, [one]);
    expect(send(ada, [{ ...take(3), id: one.id }])).toEqual(['refused:reused']);
  });

  test('[OB1] commands of one message run one upon the other', () => {
    send(ada, [item()]);
    expect(send(ada, [take(2), take(2), take(2)])).toEqual(['applied', 'applied', 'refused:rejected']);
    expect(valuesOf('items', 'i1')).toMatchObject({ count: 1 });
  });

  test('a handler refuses with a reason, and nothing that it wrote stays', () => {
    send(ada, [item()]);
    const decided = decideAs(ada, [
      run((records) => {
        records.update('items', 'i1', { name: 'Changed' });
        return reject('not today\u0000');
      }),
    ]);
    expect(decided.receipts).toMatchObject([{ outcome: 'refused', reason: 'rejected', detail: 'not today\ufffd' }]);
    expect(decided.effects.batches).toEqual([]);
    expect(decided.faults).toEqual([]);
  });

  test('[WR4] a command is decided with its transaction: refused with it, conflicted with it', () => {
    send(ada, [item(), item('i2')]);
    const transaction = tx();
    expect(send(ada, [take(2, 'i1', { transaction }), take(9, 'i2', { transaction })])).toEqual([
      'refused:transaction',
      'refused:rejected',
    ]);
    send(eve, [rename('Eve', v(1))], device(2));
    const other = tx();
    expect(send(ada, [take(2, 'i2', { transaction: other }), rename('Ada', v(1), { transaction: other })])).toEqual([
      'conflict',
      'conflict',
    ]);
    expect(valuesOf('items', 'i2')).toMatchObject({ count: 5 });
  });

  test('[WR4] what follows it in its transaction sees what it wrote, and it sees what came before', () => {
    const transaction = tx();
    const made = item('i1', {}, { transaction });
    const taken = take(2, 'i1', { transaction, after: [made.id], needs: [made.id] });
    const named = rename('B', '0@' as Version, { transaction, after: [made.id, taken.id], needs: [made.id] });
    expect(send(ada, [made, taken, named])).toEqual(['applied', 'applied', 'applied']);
    expect(valuesOf('items', 'i1')).toMatchObject({ count: 3, name: 'B' });
  });

  test('[OB1] it waits for what it comes after and for the creates that it needs', () => {
    const made = item();
    const taken = take(2, 'i1', { after: [made.id], needs: [made.id] });
    expect(decideAs(ada, [taken]).held).toEqual([taken.id]);
    expect(send(ada, [taken, made])).toEqual(['applied', 'applied']);
  });

  test('[OB10] a command can be resolved and can resolve; a target that took effect is not run again', () => {
    send(ada, [item()]);
    const first = take(9);
    expect(send(ada, [first])).toEqual(['refused:rejected']);
    expect(send(ada, [take(1, 'i1', { resolves: [first.id] })])).toEqual(['applied']);
    expect(send(ada, [take(1, 'i1', { resolves: [first.id] })])).toEqual(['refused:resolved']);
    expect(valuesOf('items', 'i1')).toMatchObject({ count: 4 });
  });

  test('only what differs is written, the fields of a group together, later than all that it changes', () => {
    send(ada, [item('i1', {}, { stamp: '02f0000000000000' as never })]);
    const decided = decideAs(ada, [
      run((records) => records.update('items', 'i1', { name: 'Box', size: 2 }) as undefined),
    ]);
    expect(decided.effects.batches).toMatchObject([
      {
        kind: 'update',
        rows: [{ id: 'i1', changes: [{ values: { size: 2, unit: 'm' }, stamp: '02f0000000000001' }] }],
      },
    ]);
    const nothing = decideAs(ada, [run((records) => records.update('items', 'i1', { name: 'Box' }) as undefined)]);
    expect(nothing.effects.batches).toEqual([]);
    expect(nothing.receipts).toMatchObject([{ outcome: 'applied' }]);
  });

  test('a record can be deleted; what is deleted is not there', () => {
    send(ada, [item()]);
    const gone: unknown[] = [];
    const command = run((records) => {
      records.delete('items', 'i1');
      gone.push(records.read('items', 'i1'));
      return null;
    });
    expect(send(ada, [command])).toEqual(['applied']);
    expect(gone).toEqual([null]);
    expect(known.records.get('items/i1')?.state.deleted).not.toBeNull();
    expect(send(ada, [run((records) => records.update('items', 'i1', { name: 'x' }) as undefined)])).toEqual([
      'refused:gone',
    ]);
  });

  test('what it reads and is called with is its own to change', () => {
    send(ada, [item()]);
    const command = run((records, { args }) => {
      const found = records.read('items', 'i1') as unknown as Record<string, unknown>;
      found['name'] = 'Spoilt';
      (args.items as string[]).push('more');
      return null;
    });
    expect(send(ada, [command])).toEqual(['applied']);
    expect(valuesOf('items', 'i1')).toMatchObject({ name: 'Box' });
    expect(command.args).toEqual({ items: ['i1'] });
  });
});

describe('own versions', () => {
  test('[CF1] what a command of the own device changed is seen by later entries that name it', () => {
    send(ada, [item()]);
    const named = run((records) => records.update('items', 'i1', { name: 'By command' }) as undefined);
    send(ada, [named]);
    expect(known.applied.get(named.id)?.touched).toEqual([
      { collection: 'items', record: 'i1', version: versionOf(epoch, 2) },
    ]);
    expect(send(ada, [rename('Mine', v(1), { after: [named.id] })])).toEqual(['applied']);
    const again = run((records) => records.update('items', 'i1', { name: 'Again' }) as undefined);
    send(ada, [again]);
    expect(send(ada, [rename('Late', v(1))])).toEqual(['conflict']);
    expect(send(ada, [rename('Late', v(1), { after: [again.id] })], device(2))).toEqual(['conflict']);
  });

  test('[CF9] a delete counts the changes of its own commands as seen, and no others', () => {
    send(ada, [item(), item('i2')]);
    const both = run(
      (records) => {
        records.update('items', 'i1', { name: 'x' });
        records.update('items', 'i2', { name: 'x' });
        return null;
      },
      ['i1', 'i2'],
    );
    send(ada, [both]);
    const remove = (after: Mutation[]) =>
      make.delete({ collection: 'items', record: 'i1', base: v(1), after: after.map(({ id }) => id) });
    expect(decideAs(ada, [remove([])]).receipts).toMatchObject([{ outcome: 'conflict' }]);
    expect(decideAs(ada, [remove([both])]).receipts).toMatchObject([{ outcome: 'applied' }]);
  });
});

describe('permission', () => {
  const bobs = () => send({ ...eve }, [item('b1', { owner: 'bob' })], device(2));

  test('[SV5] what its writer may not see is not there, and an id that is taken there is no news', () => {
    bobs();
    const read: unknown[] = [];
    const look = run(
      (records) => {
        read.push(records.read('items', 'b1'), records.read('items', 'nothing'));
        return null;
      },
      ['b1', 'nothing'],
    );
    expect(send(ada, [look])).toEqual(['applied']);
    expect(read).toEqual([null, null]);
    const values = { name: 'n', count: 1, size: 1, unit: 'm' };
    const insert = (id: string, owner: string) =>
      run((records) => records.insert('items', id, { ...values, owner }) as undefined, [id]);
    expect(send(ada, [insert('b1', 'bob')])).toEqual(['refused:forbidden']);
    expect(send(ada, [insert('nothing', 'bob')])).toEqual(['refused:forbidden']);
    expect(send(ada, [insert('b1', 'ada')])).toEqual(['refused:exists']);
    expect(send(ada, [run((records) => records.update('items', 'b1', { name: 'x' }) as undefined, ['b1'])])).toEqual([
      'refused:gone',
    ]);
    expect(send(ada, [run((records) => records.delete('items', 'b1') as undefined, ['b1'])])).toEqual(['refused:gone']);
  });

  test('[SV5] nothing is moved to where its writer sees nothing, whatever the handler catches', () => {
    send(ada, [item()]);
    expect(send(ada, [run((records) => records.update('items', 'i1', { owner: 'bob' }) as undefined)])).toEqual([
      'refused:forbidden',
    ]);
    const stubborn = run(
      (records) => {
        try {
          records.update('items', 'nothing', { name: 'x' });
        } catch {
          records.update('items', 'i1', { name: 'after all' });
        }
        return 'done';
      },
      ['i1', 'nothing'],
    );
    expect(send(ada, [stubborn])).toEqual(['refused:gone']);
    expect(valuesOf('items', 'i1')).toMatchObject({ name: 'Box' });
  });

  test('[SV5] writers: a command gives nobody a role that his token does not', () => {
    anything = (records) => records.insert('logs', 'l1', { text: 'x' }) as undefined;
    const rules: CommandHandlers = new Map(
      [...handlers()].map(([name, each]) => [name, { ...each, loads: () => [{ collection: 'logs', record: 'l1' }] }]),
    );
    const log = make.command('anything', { items: [] }, []);
    expect(decideAs(ada, [log], device(1), { commands: rules }).receipts).toMatchObject([{ reason: 'forbidden' }]);
    expect(decideAs(eve, [log], device(2), { commands: rules }).receipts).toMatchObject([{ outcome: 'applied' }]);
  });
});

describe('validity', () => {
  const target = { collection: 'items', record: 'i1' };
  const bad: [string, () => Mutation][] = [
    ['an unknown command', () => make.command('nothing\u0000', {}, [])],
    ['one that every object has', () => make.command('toString', {}, [])],
    ['an argument of the wrong type', () => make.command('take', { item: 'i1', by: 'x' }, [target])],
    ['an argument that is missing', () => make.command('take', { by: 1 }, [])],
    ['an argument that is not declared', () => make.command('take', { item: 'i1', by: 1, hat: 1 }, [target])],
    ['text that is not in NFC', () => make.command('take', { item: 'i1', note: 'e\u0301' }, [target])],
    [
      'a target that no argument names',
      () => make.command('take', { item: 'i1' }, [target, { ...target, record: 'i2' }]),
    ],
    ['an argument that is no target', () => make.command('take', { item: 'i1' }, [])],
    [
      'a target of another collection',
      () => make.command('take', { item: 'i1' }, [{ ...target, collection: 'moves' }]),
    ],
  ];

  test.each(bad)('[SV6, WR2] %s is refused as invalid, and says what', (_, mutation) => {
    send(ada, [item()]);
    const decided = decideAs(ada, [mutation()]);
    expect(decided.receipts).toMatchObject([{ outcome: 'refused', reason: 'invalid', detail: expect.any(String) }]);
    expect(JSON.stringify(decided.effects.applied)).not.toMatch(/\\u0000/);
  });

  test('[WR2] defaults are filled in where an argument is missing', () => {
    send(ada, [item()]);
    expect(send(ada, [make.command('take', { item: 'i1' }, [target])])).toEqual(['applied']);
    expect(valuesOf('items', 'i1')).toMatchObject({ count: 4 });
  });
});

describe('faults', () => {
  const faulty: [string, Extract<Anything, (...args: never[]) => unknown>][] = [
    [
      'throws',
      () => {
        throw new Error('secret: Ada');
      },
    ],
    ['is not synchronous', (async () => null) as never],
    ['gives back what is not JSON', () => (() => 1) as never],
    ['gives back too much', () => 'x'.repeat(70_000)],
    ['writes what the schema refuses', (records) => records.update('items', 'i1', { count: -1 }) as undefined],
    ['writes to a record that it did not name', (records) => records.update('items', 'i9', { count: 1 }) as undefined],
    ['reads a record that it did not name', (records) => records.read('items', 'i9') as never],
  ];

  test.each(faulty)('[SV6] a handler that %s refuses its command alone, and tells nothing but that', (_, handle) => {
    send(ada, [item()]);
    const decided = decideAs(ada, [run(handle), item('i2')]);
    expect(decided.receipts).toMatchObject([
      { outcome: 'refused', reason: 'rejected', detail: 'the command anything failed' },
      { outcome: 'applied' },
    ]);
    expect(decided.faults).toHaveLength(1);
    expect(decided.faults[0]).toBeInstanceOf(Error);
    expect(decided.effects.batches).toMatchObject([{ kind: 'insert', rows: [{ id: 'i2' }] }]);
  });

  test('[SV5] a scope that nobody has gives no rights: every record a command leaves must be seen by its writer', () => {
    const blind = { ...ada, scopes: [scope('nobody')] };
    const insert = run(
      (records) => records.insert('items', 'n1', { owner: '', name: 'n', count: 1, size: 1, unit: 'm' }) as undefined,
      ['n1'],
    );
    expect(send(blind, [insert])).toEqual(['refused:forbidden']);
  });
});
