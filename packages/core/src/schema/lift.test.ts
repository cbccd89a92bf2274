import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { MutationId, TransactionId } from '../ids/ids.ts';
import { stampOf } from '../time/stamp.ts';
import type { JsonObject } from '../value/json.ts';
import { type Epoch, VERSION_NONE, type Version, versionOf } from '../version/version.ts';
import { fingerprint } from '../wire/fingerprint.ts';
import type { Change, CommandMutation, CreateMutation, Mutation, UpdateMutation } from '../wire/mutation.ts';
import { collection } from './collection.ts';
import { command } from './command.ts';
import { liftMutation, liftRecord } from './lift.ts';
import { ref } from './ref.ts';
import { type Schema, schema } from './schema.ts';
import {
  addField,
  dropCollection,
  dropField,
  mapCommand,
  mapFields,
  renameCollection,
  renameField,
  type Step,
  type StepDefinitions,
} from './steps.ts';

const everyone = { scopes: ['everyone'] };
const epoch = '0000000010000' as Epoch;
const next = '0000000020000' as Epoch;
const v = (count: number, of = epoch) => versionOf(of, count);
const at = (ms: number) => stampOf(ms, 0);

/** Version 3: people were `persons`, with `first` and `last` and a `tel`, an `old` field, and no `region`. */
const join = (values: JsonObject): JsonObject => ({ name: `${values['first']} ${values['last']}` });
const people = schema({
  version: 3,
  collections: {
    people: collection(
      {
        name: z.string(),
        phone: z.string().nullable(),
        region: z.string(),
        level: z.int().default(1),
        dose: z.number().nullable(),
        unit: z.string().default('mg'),
      },
      { ...everyone, groups: [['dose', 'unit']] },
    ),
  },
  commands: { greet: command({ who: ref('people'), words: z.string() }) },
  steps: {
    2: [renameCollection('persons', 'people'), renameField('people', 'tel', 'phone'), dropField('people', 'old')],
    3: [
      mapFields('people', { from: ['first', 'last'], to: ['name'] }, join),
      addField('people', 'region', 'north'),
      mapCommand('hello', 'greet', ({ to, text }) => (to === undefined ? null : { who: to, words: text ?? '' })),
    ],
  },
});

const common = {
  id: 'm' as MutationId,
  transaction: 't' as TransactionId,
  schema: 1,
  after: [],
  needs: [],
  resolves: [],
  collection: 'persons',
  record: 'p1',
};
const update = (...set: Change[]): UpdateMutation => ({ kind: 'update', ...common, base: v(9), set, ops: [] });
const create = (values: JsonObject): CreateMutation => ({
  kind: 'create',
  ...common,
  set: [{ values, base: VERSION_NONE, stamp: at(5) }],
});
function lifted(mutation: Mutation, by: Schema = people): Mutation {
  const result = liftMutation(by, mutation);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}
const problem = (mutation: Mutation, by: Schema = people) => {
  const result = liftMutation(by, mutation);
  return result.ok ? null : result.error;
};
const setOf = (mutation: Mutation) => ('set' in mutation ? mutation.set : []);

describe('lifting a mutation', () => {
  test('[CF12] one of this schema, or of a newer one, is itself', () => {
    const now = { ...update(), schema: 3 };
    expect(lifted(now)).toBe(now);
    const newer = { ...update(), schema: 4 };
    expect(lifted(newer)).toBe(newer);
  });

  test('[CF12] every step between is taken, in order, and only those', () => {
    const values = { tel: '1', old: 'x' };
    expect(lifted(update({ values, base: v(3), stamp: at(7), was: { tel: '0', old: 'y' } }))).toEqual({
      ...update({ values: { phone: '1' }, base: v(3), stamp: at(7), was: { phone: '0' } }),
      collection: 'people',
      schema: 3,
    });
    const second = { ...update({ values: { phone: '1' }, base: v(3), stamp: at(7) }), schema: 2, collection: 'people' };
    expect(lifted(second)).toEqual({ ...second, schema: 3 });
  });

  test('[CF12] a create is completed: by its steps, by defaults, by nulls; a group stands in one change', () => {
    const result = lifted(create({ first: 'Ada', last: 'L', tel: null, old: 1, dose: 2 }));
    expect(Object.assign({}, ...setOf(result).map(({ values }) => values))).toEqual({
      name: 'Ada L',
      phone: null,
      region: 'north',
      level: 1,
      dose: 2,
      unit: 'mg',
    });
    for (const { base, stamp } of setOf(result)) expect([base, stamp]).toEqual([VERSION_NONE, at(5)]);
    expect(setOf(result).filter(({ values }) => 'dose' in values || 'unit' in values)).toHaveLength(1);
  });

  test('[CF12] a create is completed without any step, where a field may be null or has a default', () => {
    const plain = schema({
      version: 2,
      collections: {
        people: collection({ name: z.string(), note: z.string().nullable(), level: z.int().default(1) }, everyone),
      },
    });
    const old = { ...create({ name: 'Ada' }), collection: 'people' };
    expect(Object.assign({}, ...setOf(lifted(old, plain)).map(({ values }) => values))).toEqual({
      name: 'Ada',
      note: null,
      level: 1,
    });
    const short = update({ values: { name: 'B' }, base: v(1), stamp: at(1) });
    expect(setOf(lifted({ ...short, collection: 'people' }, plain))).toEqual(short.set);
  });

  test('[CF12] a new field takes its sources oldest base and latest stamp', () => {
    const result = lifted(
      update(
        { values: { first: 'Ada', tel: '1' }, base: v(7), stamp: at(20), was: { first: 'A', tel: '0' } },
        { values: { last: 'L' }, base: v(3), stamp: at(10), was: { last: 'B' } },
      ),
    );
    expect(setOf(result)).toEqual([
      { values: { phone: '1' }, base: v(7), stamp: at(20), was: { first: 'A', phone: '0' } },
      { values: { name: 'Ada L' }, base: v(3), stamp: at(20), was: { name: 'A B' } },
    ]);
    const bases = (a: Version, b: Version) =>
      setOf(
        lifted(
          update({ values: { first: 'A' }, base: a, stamp: at(1) }, { values: { last: 'B' }, base: b, stamp: at(1) }),
        ),
      ).map(({ base }) => base);
    expect(bases(v(7), VERSION_NONE)).toEqual([VERSION_NONE]);
    // Of two epochs the base that holds no more than either does.
    expect(bases(v(7), v(5, next))).toEqual([v(5)]);
  });

  test('[CF12] what was written in a part of what is merged cannot be lifted, unless the step can deal with it', () => {
    const part = update({ values: { first: 'Ada' }, base: v(1), stamp: at(1) });
    expect(problem(part)).toBe('people.name: needs last, which was not written');
    const step = mapFields('people', { from: ['first', 'last'], to: ['name'], partial: true }, (values) =>
      'last' in values ? { name: String(values['last']) } : {},
    );
    const able = schema({
      version: 2,
      collections: { people: collection({ name: z.string() }, everyone) },
      steps: { 2: [step] },
    });
    const own = { ...part, collection: 'people' };
    expect(setOf(lifted(own, able))).toEqual([]);
    const other = update({ values: { last: 'L' }, base: v(1), stamp: at(1) });
    expect(setOf(lifted({ ...other, collection: 'people' }, able))).toMatchObject([{ values: { name: 'L' } }]);
  });

  test('[CF12] one field is split into several, in one change each group', () => {
    const split = schema({
      version: 2,
      collections: { people: collection({ first: z.string(), last: z.string() }, everyone) },
      steps: {
        2: [
          mapFields('people', { from: ['name'], to: ['first', 'last'] }, ({ name }) => {
            const [first = '', last = ''] = String(name).split(' ');
            return { first, last };
          }),
        ],
      },
    });
    const old = { ...update({ values: { name: 'Ada L' }, base: v(2), stamp: at(4) }), collection: 'people' };
    expect(setOf(lifted(old, split))).toEqual([{ values: { first: 'Ada', last: 'L' }, base: v(2), stamp: at(4) }]);
    const removal = {
      kind: 'delete',
      ...common,
      collection: 'people',
      base: v(2),
      bases: [{ name: v(1) }, {}],
      stamp: at(1),
    } as const;
    expect(lifted({ ...removal, bases: [...removal.bases] }, split)).toMatchObject({
      bases: [{ first: v(1), last: v(1) }, {}],
    });
  });

  test('[CF12] the bases of a delete follow the fields', () => {
    const bases = [{ first: v(4), last: v(2), tel: v(5), old: v(1) }, { tel: v(6) }];
    const removal: Mutation = { kind: 'delete', ...common, base: v(2), bases, stamp: at(1) };
    expect(lifted(removal)).toMatchObject({
      collection: 'people',
      bases: [{ name: v(2), phone: v(5) }, { phone: v(6) }],
    });
  });

  test('[CF12] restores and operations follow the fields; what an operation changed is not merged', () => {
    const restore: Mutation = {
      kind: 'restore',
      ...common,
      base: v(2),
      set: update({ values: { tel: '1' }, base: v(2), stamp: at(1) }).set,
      stamp: at(1),
    };
    expect(lifted(restore)).toMatchObject({ kind: 'restore', set: [{ values: { phone: '1' } }] });
    const op = (field: string): Mutation => ({ ...update(), ops: [{ field, op: 'increment', argument: 1 }] });
    expect(lifted(op('tel'))).toMatchObject({ ops: [{ field: 'phone' }] });
    expect(lifted(op('old'))).toMatchObject({ ops: [] });
    expect(problem(op('first'))).toMatch(/changed by an operation/);
  });

  test('[CF12] a command gets its new name and arguments, and the targets that they name', () => {
    const { collection: _, record: __, ...alone } = common;
    const hello = (args: JsonObject): CommandMutation => ({
      kind: 'command',
      ...alone,
      name: 'hello',
      args,
      targets: [{ collection: 'persons', record: 'p1' }],
      stamp: at(1),
    });
    expect(lifted(hello({ to: 'p1', text: 'hi' }))).toMatchObject({
      name: 'greet',
      args: { who: 'p1', words: 'hi' },
      targets: [{ collection: 'people', record: 'p1' }],
    });
    expect(problem(hello({}))).toBe('hello: its step gives no value');
  });

  test('[CF12] a discard is itself, but for the version', () => {
    const { collection: _, record: __, ...alone } = common;
    const discard: Mutation = { kind: 'discard', ...alone, stamp: at(1) };
    expect(lifted(discard)).toEqual({ ...discard, schema: 3 });
  });

  test('[CF12] a step that throws, gives nothing or leaves a field out says so, without any value', () => {
    const by = (map: Parameters<typeof mapFields>[2]) =>
      schema({
        version: 2,
        collections: { people: collection({ name: z.string() }, everyone) },
        steps: { 2: [mapFields('people', { from: ['secret'], to: ['name'] }, map)] },
      });
    const old = { ...update({ values: { secret: 'Grace' }, base: v(1), stamp: at(1) }), collection: 'people' };
    const maps: Parameters<typeof mapFields>[2][] = [
      ({ secret }) => {
        throw new Error(String(secret));
      },
      () => null,
      () => ({}),
      () => 'Grace' as never,
    ];
    for (const map of maps) {
      expect(problem(old, by(map))).toMatch(/^people\.name: its step/);
      expect(problem(old, by(map))).not.toMatch(/Grace/);
    }
  });

  test('[CF12, WR2] what a step makes is in the form in which values are stored', () => {
    const set = { values: { first: 'e', last: '\u0301' }, base: v(1), stamp: at(1) };
    const close = schema({
      version: 2,
      collections: { people: collection({ name: z.string() }, everyone) },
      steps: {
        2: [
          mapFields('people', { from: ['first', 'last'], to: ['name'] }, (values) => ({
            name: `${values['first']}${values['last']}`,
          })),
        ],
      },
    });
    expect(setOf(lifted({ ...update(set), collection: 'people' }, close))).toMatchObject([
      { values: { name: '\u00e9' } },
    ]);
    expect(() => addField('people', 'name', 'a\u0000')).toThrow(/people\.name/);
  });

  test('[CF12] what was written in a collection that is gone cannot be lifted', () => {
    const gone = schema({
      version: 2,
      collections: { people: collection({ name: z.string() }, everyone) },
      steps: { 2: [dropCollection('persons')] },
    });
    expect(problem(update(), gone)).toMatch(/no collection persons any more/);
    expect(problem({ ...update(), collection: 'people' }, gone)).toBeNull();
  });

  test('[CF12, SV1] lifting is pure: what was sent is untouched, and the same is made each time', () => {
    const values = fc.dictionary(fc.constantFrom('first', 'last', 'tel', 'old', 'dose', 'unit'), fc.string());
    const change = fc.record({
      values,
      base: fc.nat(9).map((n) => (n === 0 ? VERSION_NONE : v(n))),
      stamp: fc.nat(99).map(at),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.boolean(), (set, creates) => {
        const mutation: Mutation = creates ? { kind: 'create', ...common, set } : update(...set);
        const before = fingerprint(mutation);
        const result = liftMutation(people, mutation);
        expect(fingerprint(mutation)).toBe(before);
        expect(liftMutation(people, mutation)).toEqual(result);
        if (!result.ok) return;
        expect(liftMutation(people, result.value)).toEqual(result);
        const fields = setOf(result.value).flatMap((each) => Object.keys(each.values));
        for (const field of ['first', 'last', 'tel', 'old']) expect(fields).not.toContain(field);
        for (const each of setOf(result.value)) expect(Object.keys(each.values)).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('lifting a record', () => {
  test('[CF12] a whole record gets the name, fields and values of the day', () => {
    expect(
      liftRecord(people, 1, {
        collection: 'persons',
        values: { first: 'Ada', last: 'L', tel: '1', old: 1, dose: 1, unit: 'g' },
      }),
    ).toEqual({
      ok: true,
      value: {
        collection: 'people',
        values: { name: 'Ada L', phone: '1', region: 'north', level: 1, dose: 1, unit: 'g' },
      },
    });
    expect(liftRecord(people, 3, { collection: 'people', values: { name: 'A' } })).toMatchObject({
      value: { values: { name: 'A' } },
    });
    expect(liftRecord(people, 1, { collection: 'persons', values: { first: 'Ada' } })).toMatchObject({ ok: false });
  });
});

describe('steps that lead nowhere', () => {
  const mistake = (steps: StepDefinitions) => {
    try {
      schema({ version: 3, collections: { people: collection({ name: z.string(), age: z.int() }, everyone) }, steps });
    } catch (error) {
      return (error as Error).message;
    }
    return 'no mistake';
  };
  const at3: [Step, RegExp][] = [
    [renameCollection('persons', 'peopel'), /there is no collection peopel/],
    [renameCollection('people', 'people'), /people is still there/],
    [dropCollection('people'), /people is still there/],
    [renameField('people', 'nam', 'nme'), /people has no field nme/],
    [renameField('people', 'age', 'name'), /people\.age is still there/],
    [dropField('people', 'age'), /people\.age is still there/],
    [addField('peple', 'age', 1), /there is no collection peple/],
    [addField('people', 'size', 1), /people has no field size/],
    [mapFields('people', { from: [], to: ['name'] }, () => null), /maps nothing/],
    [mapFields('people', { from: ['a'], to: ['b'] }, () => null), /people has no field b/],
    [mapCommand('a', 'b'), /there is no command b/],
  ];

  test.each(at3)('[CF12] %j fails at definition', (step, what) => {
    expect(mistake({ 3: [step] })).toMatch(what);
  });

  test('[CF12] names are those of the schema at that point', () => {
    expect(mistake({ 2: [renameField('people', 'nm', 'nam')], 3: [renameField('people', 'nam', 'name')] })).toBe(
      'no mistake',
    );
    expect(mistake({ 3: [renameField('people', 'nm', 'nam')], 2: [renameField('people', 'nam', 'name')] })).toMatch(
      /nam/,
    );
    expect(mistake({ 2: [addField('gone', 'x', 1)], 3: [dropCollection('gone')] })).toBe('no mistake');
    expect(mistake({ 3: [mapFields('people', { from: ['name'], to: ['name'] }, (values) => values)] })).toBe(
      'no mistake',
    );
    expect(mistake({ 1: [] })).toMatch(/1 is not a version from 2 to 3/);
    expect(mistake({ 4: [] })).toMatch(/4 is not a version/);
  });
});
