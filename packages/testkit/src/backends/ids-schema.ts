import { collection, command, lastWriteWins, ref, schema } from '@holdfast/core';
import * as z from 'zod';

const everyone = { scopes: ['everyone'], conflict: lastWriteWins(), onDelete: 'deleteWins' } as const;

/** References in every place a reference can stand, beside text that looks like them. */
export const idsSchema = schema({
  version: 1,
  collections: {
    people: collection(
      {
        label: z.string(),
        note: z.string(),
        parent: ref('people').nullable(),
        circle: z.object({
          text: z.string(),
          friends: z.array(ref('people')),
          seats: z.record(ref('people'), z.string()),
          home: z.union([z.object({ at: ref('homes') }), z.object({ address: z.string() })]).nullable(),
        }),
      },
      everyone,
    ),
    homes: collection(
      {
        label: z.string(),
        note: z.string(),
        owner: ref('people').nullable(),
        guests: z.array(z.tuple([ref('people'), z.string()])),
      },
      everyone,
    ),
  },
  commands: {
    greet: command({ who: ref('people'), at: z.array(ref('homes')), words: z.string() }),
  },
});
