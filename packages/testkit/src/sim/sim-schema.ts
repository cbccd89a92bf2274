import { collection, inherit, lastWriteWins, manual, ref, schema, serverWins } from '@holdfast/core';
import * as z from 'zod';

/** Small, but with every rule: scopes by template and inherited, groups, all policies, nested references. */
export const simSchema = schema({
  version: 1,
  collections: {
    people: collection(
      { name: z.string(), phone: z.string().nullable(), mentor: z.string(), note: z.string() },
      { scopes: ['mentor:{mentor}', 'office'], conflict: lastWriteWins(), priority: 3 },
    ),
    visits: collection(
      { personId: ref('people'), minutes: z.int(), kind: z.string() },
      { scopes: [inherit('personId')], conflict: serverWins(), onDelete: 'deleteWins', priority: 5 },
    ),
    doses: collection(
      {
        personId: ref('people'),
        dose: z.int(),
        unit: z.enum(['mg', 'ml']),
        basis: z.array(z.object({ visitId: ref('visits') })),
      },
      { scopes: [inherit('personId')], conflict: manual(), groups: [['dose', 'unit']], priority: 1 },
    ),
    notes: collection(
      { text: z.string(), level: z.string() },
      { scopes: ['office'], conflict: lastWriteWins({ authority: ['coordinator', 'mentor'] }), onDelete: 'updateWins' },
    ),
  },
});
