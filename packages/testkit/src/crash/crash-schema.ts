import { collection, command, inherit, lastWriteWins, manual, ref, type Schema, schema } from '@holdfast/core';
import { commandHandlers } from '@holdfast/server';
import * as z from 'zod';

const people = {
  name: z.string(),
  phone: z.string().nullable(),
  mentor: z.string(),
  note: z.string(),
};
const rules = { scopes: ['mentor:{mentor}'], conflict: lastWriteWins(), indexes: [['mentor', 'name'] as const] };
const visits = collection(
  { personId: ref('people'), minutes: z.int(), kind: z.string() },
  { scopes: [inherit('personId')], conflict: lastWriteWins(), priority: 4 },
);
const doses = collection(
  { personId: ref('people'), dose: z.int(), unit: z.enum(['mg', 'ml']) },
  { scopes: [inherit('personId')], conflict: manual(), groups: [['dose', 'unit']], priority: 1 },
);

const commands = { visited: command({ person: ref('people'), note: z.string() }) };

/** A small app, in the versions that a device meets one after the other. */
export const crashSchemas = {
  first: schema({ version: 1, collections: { people: collection(people, rules), visits, doses }, commands }),
  withField: schema({
    version: 2,
    collections: { people: collection({ ...people, street: z.string().nullable() }, rules), visits, doses },
    commands,
  }),
  withCollections: schema({
    version: 3,
    collections: {
      people: collection({ ...people, street: z.string().nullable(), born: z.iso.date().nullable() }, rules),
      visits,
      doses,
      tasks: collection(
        { personId: ref('people'), text: z.string(), done: z.boolean() },
        { scopes: [inherit('personId')], conflict: lastWriteWins(), indexes: [['personId']] },
      ),
    },
    commands,
  }),
} as const satisfies Record<string, Schema>;

/** What the server does for the app's commands. */
export const crashCommands = commandHandlers(crashSchemas.withCollections, {
  visited: (records, { args }) => {
    records.update('people', args.person, { note: args.note });
  },
});

export type CrashSchema = (typeof crashSchemas)['first'];
