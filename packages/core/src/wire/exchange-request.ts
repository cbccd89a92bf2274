import * as z from 'zod';
import { collectionName, deviceId, epoch, mutationId, nonce, position, recordId, scope, snapshot } from './atoms.ts';
import { limits } from './limits.ts';
import { mutation } from './mutation.ts';

const scopes = z.array(scope).max(limits.scopes);

/** What a device has read: which transactions, and which scopes it held then. */
export const cursor = z.strictObject({ snapshot, scopes });

/**
 * Where a catch-up of several pages stands. `since` is what the round reads from; `first` the snapshot
 * and scopes of its first page, from which the next round reads; `after` the last row sent. Made by the
 * server, given back unread; another one begins the catch-up anew.
 */
export const catchUp = z.strictObject({
  since: cursor.nullable(),
  first: cursor,
  /** Collection, scope, record id; null at the start of a round. */
  after: z.tuple([collectionName, z.string().max(200), z.string().max(64)]).nullable(),
  /** The snapshot of the page that the collection of `after` began with, in a read from nothing. */
  part: snapshot.nullable(),
  /** The last receipt sent, while not all of them have been: they come before the round's first row. */
  told: z.tuple([position, mutationId]).nullable(),
});

export const exchangeRequest = z.strictObject({
  protocol: z.int().min(1),
  schema: z.int().min(1),
  device: deviceId,
  /** Whose outbox it is, where the device says so: with a token of somebody else nothing of it is taken (OB9). */
  user: z.string().min(1).max(200).optional(),
  nonce,
  /** The epoch of the cursor; null before the first answer. */
  epoch: epoch.nullable(),
  mutations: z.array(mutation).max(limits.mutations),
  ack: z.strictObject({
    /** Receipts whose entries have been released: the server may drop their bodies. */
    receipts: z.array(mutationId).max(limits.acknowledged),
    /** The snapshot held when the oldest unsent entry was made: tombstones wait for it. */
    floor: snapshot.nullable(),
  }),
  cursor: cursor.nullable(),
  catchUp: catchUp.nullable(),
  want: z.strictObject({
    /** Narrows what the token allows; never widens it. */
    scopes: scopes.nullable(),
    /** Collections to hold; null for all (SY14). */
    collections: z.array(collectionName).max(limits.collections).nullable(),
    /** Records whose last change is older than this come without their content, as `aged`; null for none. */
    youngerThanMs: z.int().min(0).nullable(),
    /** Records to bring whole, whether they are held or not. */
    records: z.array(z.strictObject({ collection: collectionName, record: recordId })).max(limits.fetchedRecords),
    /** Asks for a checksum of every scope at the checkpoint (SY16). */
    checksums: z.boolean(),
    /** False: records that this request creates come back without their values, where they are what it says. */
    echo: z.literal(false).optional(),
    maxBytes: z
      .int()
      .min(1_024)
      .max(64 * 1024 * 1024)
      .nullable(),
  }),
});

export type Cursor = z.infer<typeof cursor>;
export type CatchUp = z.infer<typeof catchUp>;
export type ExchangeRequest = z.infer<typeof exchangeRequest>;

/** Everything the user may see, with all of its content, and as much at once as the server gives. */
export const WANT_ALL: ExchangeRequest['want'] = {
  scopes: null,
  collections: null,
  youngerThanMs: null,
  records: [],
  checksums: false,
  maxBytes: null,
};
