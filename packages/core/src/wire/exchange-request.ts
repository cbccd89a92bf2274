import * as z from 'zod';
import { deviceId, epoch, mutationId, nonce, scope, snapshot } from './atoms.ts';
import { limits } from './limits.ts';
import { mutation } from './mutation.ts';

const scopes = z.array(scope).max(limits.scopes);

/** What a device has read: which transactions, and which scopes it held then. */
export const cursor = z.strictObject({ snapshot, scopes });

/**
 * Where a catch-up of several pages stands. `since` is what the round reads from; `first` the snapshot
 * and scopes of its first page, from which the next round reads; `after` the last row sent. Made by the
 * server, given back unread.
 */
export const catchUp = z.strictObject({
  since: cursor.nullable(),
  first: cursor,
  /** Place in the server's order of collections, scope, record id; null at the start of a round. */
  after: z.tuple([z.int().min(0), z.string().max(200), z.string().max(64)]).nullable(),
});

export const exchangeRequest = z.strictObject({
  protocol: z.int().min(1),
  schema: z.int().min(1),
  device: deviceId,
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
