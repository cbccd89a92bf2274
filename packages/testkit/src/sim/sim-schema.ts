import { collection, command, inherit, lastWriteWins, manual, ref, schema, serverWins } from '@holdfast/core';
import { type CommandHandlers, commandHandlers, reject } from '@holdfast/server';
import * as z from 'zod';

const fields = {
  people: { name: z.string(), phone: z.string().nullable(), mentor: z.string(), note: z.string() },
  visits: { personId: ref('people'), minutes: z.int(), kind: z.string() },
  doses: {
    personId: ref('people'),
    dose: z.int(),
    unit: z.enum(['mg', 'ml']),
    basis: z.array(z.object({ visitId: ref('visits') })),
  },
  notes: { text: z.string(), level: z.string() },
};

const peopleRules = {
  scopes: ['mentor:{mentor}', 'office'],
  conflict: lastWriteWins(),
  priority: 3,
};

const others = {
  visits: collection(fields.visits, {
    scopes: [inherit('personId')],
    conflict: serverWins(),
    onDelete: 'deleteWins',
    priority: 5,
  }),
  doses: collection(fields.doses, {
    scopes: [inherit('personId')],
    conflict: manual(),
    groups: [['dose', 'unit']],
    priority: 1,
  }),
  notes: collection(fields.notes, {
    scopes: ['office'],
    conflict: lastWriteWins({ authority: ['coordinator', 'mentor'] }),
    onDelete: 'updateWins',
  }),
};

const commands = {
  discharge: command({ personId: ref('people'), why: z.string() }, { priority: 2 }),
};

/** Small, but with every rule: scopes by template and inherited, groups, all policies, nested references, a command. */
export const simSchema = schema({
  version: 1,
  collections: { people: collection(fields.people, peopleRules), ...others },
  commands,
});

/** The next version of the app: people have an address for mail. */
const nextSchema = schema({
  version: 2,
  collections: {
    people: collection({ ...fields.people, email: z.string().nullable() }, peopleRules),
    ...others,
  },
  commands,
});

/** A visit is noted and the person told so; who was discharged before is not again. */
export const simCommands: CommandHandlers = commandHandlers(simSchema, {
  discharge: {
    loads: ({ id }) => [{ collection: 'visits', record: id }],
    handle(tx, { id, args }) {
      const person = tx.read('people', args.personId);
      if (person?.note.startsWith('discharged')) return reject('discharged before');
      tx.update('people', args.personId, { note: `discharged: ${args.why}` });
      tx.insert('visits', id, { personId: args.personId, minutes: 0, kind: 'discharge' });
      return { visit: id };
    },
  },
});

export type SimSchema = typeof simSchema;

/** By version, from 1. What is written through the first one's types fits the others: they only add. */
const schemas: readonly SimSchema[] = [simSchema, nextSchema as unknown as SimSchema];
export const NEWEST = schemas.length;

export function schemaOf(version: number): SimSchema {
  const found = schemas[version - 1];
  if (found === undefined) throw new Error(`there is no version ${version} of the schema`);
  return found;
}
