import { collection, inherit, manual, ref, type Schema, schema } from '@holdfast/core';
import * as z from 'zod';

/** A small app for tests of the server: scopes by template and inherited, each conflict policy, a group. */
export const clinic: Schema = schema({
  version: 1,
  collections: {
    contacts: collection(
      { name: z.string().min(1), phone: z.string().nullable(), mentorId: z.string().nullable() },
      { scopes: ['mentor:{mentorId}'], onDelete: 'updateWins', priority: 1 },
    ),
    doses: collection(
      { contactId: ref('contacts'), drug: z.string(), amount: z.number(), unit: z.enum(['mg', 'ml']) },
      { scopes: [inherit('contactId')], groups: [['amount', 'unit']], conflict: manual() },
    ),
    rules: collection({ text: z.string() }, { scopes: ['everyone'], writers: ['coordinator'] }),
  },
});
