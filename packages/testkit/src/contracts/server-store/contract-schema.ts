import { collection, inherit, ref, type Schema, schema } from '@holdfast/core';
import * as z from 'zod';

/**
 * What the contract of `ServerStore` runs on: scopes by template, two of them on a record, scopes that
 * are inherited, every kind of column, and a group.
 */
export const contractSchema: Schema = schema({
  version: 1,
  collections: {
    activities: collection(
      { contactId: ref('contacts').nullable(), kind: z.string(), minutes: z.int() },
      { scopes: [inherit('contactId')] },
    ),
    contacts: collection(
      {
        name: z.string(),
        phone: z.string().nullable(),
        mentorId: z.string().nullable(),
        region: z.string().nullable(),
      },
      { scopes: ['mentor:{mentorId}', 'region:{region}'], indexes: [['mentorId', 'name']] },
    ),
    samples: collection(
      {
        team: z.string().nullable(),
        label: z.string(),
        count: z.int().nullable(),
        ratio: z.number().nullable(),
        done: z.boolean().nullable(),
        day: z.iso.date().nullable(),
        at: z.iso.datetime({ offset: true }).nullable(),
        extra: z.json().nullable(),
        dose: z.number(),
        unit: z.enum(['mg', 'ml']),
      },
      { scopes: ['team:{team}'], groups: [['dose', 'unit']] },
    ),
  },
});

/** Every collection, in the order in which the contract reads them. */
export const contractCollections = ['contacts', 'activities', 'samples'] as const;
