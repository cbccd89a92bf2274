import { expect, test } from 'vitest';
import * as z from 'zod';
import { collection } from './collection.ts';
import { type CommandDefinition, command } from './command.ts';
import { ref } from './ref.ts';
import { schema } from './schema.ts';
import { targetsOf, validateArgs } from './validate-args.ts';

const people = collection({ name: z.string() }, { scopes: ['everyone'] });
const withCommands = (commands: Record<string, CommandDefinition>) =>
  schema({ version: 1, collections: { people }, commands });

function mistake(name: string, args: Record<string, z.ZodType>, priority?: number): string {
  try {
    withCommands({ [name]: command(args, priority === undefined ? {} : { priority }) });
  } catch (error) {
    return (error as Error).message;
  }
  return 'no mistake';
}

test('a mistake in a command fails at definition, with command and argument named', () => {
  expect(mistake('join', { who: ref('nobody') })).toMatch(/join\.who: refers to "nobody"/);
  expect(mistake('join', { who: z.array(z.object({ it: ref('nobody') })) })).toMatch(/join\.who: refers to "nobody"/);
  expect(mistake('join', { when: z.date() })).toMatch(/join\.when: z\.date/);
  expect(mistake('join', { 'a b': z.string() })).toMatch(/join\.a b: a name is/);
  expect(mistake('Join it', { a: z.string() })).toMatch(/Join it: a name is/);
  expect(mistake('join', { a: z.string() }, 0)).toMatch(/join: priority/);
  expect(mistake('join', { a: z.string() }, 10)).toMatch(/join: priority/);
  expect(mistake('join', { a: z.string().optional() }, 9)).toBe('no mistake');
});

test('a schema knows its commands, with priority 5 where nothing is said', () => {
  const { commands } = withCommands({ join: command({ a: z.string() }), first: command({}, { priority: 1 }) });
  expect([...commands.values()].map(({ name, priority }) => [name, priority])).toEqual([
    ['join', 5],
    ['first', 1],
  ]);
  expect(schema({ version: 1, collections: { people } }).commands.size).toBe(0);
});

const join = withCommands({
  join: command({
    keep: ref('people'),
    drop: z.array(z.object({ who: ref('people') })),
    note: z.string().nullable(),
    times: z.int().default(1),
    extra: z.string().min(2).optional(),
  }),
}).commands.get('join');
if (!join) throw new Error('the schema has the command');

test('[WR2] arguments are checked and named, completed with defaults and nulls', () => {
  expect(validateArgs(join, { keep: 'a', drop: [] })).toEqual({
    ok: true,
    values: { keep: 'a', drop: [], note: null, times: 1 },
  });
  const checked = validateArgs(join, { drop: [{ who: '../x' }], times: 1.5, extra: 'x', hat: 1, toString: 1 });
  if (checked.ok) throw new Error('it was accepted');
  expect(checked.issues.map(({ path }) => path.join('.')).sort()).toEqual([
    'drop.0.who',
    'extra',
    'hat',
    'keep',
    'times',
    'toString',
  ]);
  for (const { collection: name, expected } of checked.issues) {
    expect(name).toBe('join');
    expect(expected.length).toBeGreaterThan(5);
  }
  expect(validateArgs(join, { keep: 'a', drop: [], note: 'a\u0000' }).ok).toBe(false);
});

test('[OB2] the lanes of a command are the records that its arguments refer to, each once', () => {
  const args = { keep: 'a', drop: [{ who: 'b' }, { who: 'a' }], note: 'c', times: 1 };
  expect(targetsOf(join, args)).toEqual([
    { collection: 'people', record: 'a' },
    { collection: 'people', record: 'b' },
  ]);
});

test('[WR2] what the type of an argument has no place for is named, not left out', () => {
  const checked = validateArgs(join, { keep: 'a', drop: [{ who: 'b', why: 'c' }] });
  expect(checked).toMatchObject({ ok: false, issues: [{ path: ['drop', 0, 'why'] }] });
});
