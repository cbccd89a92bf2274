import * as z from 'zod';
import {
  checksum,
  collectionName,
  epoch,
  mutationId,
  nonce,
  recordId,
  scope,
  snapshot,
  values,
  version,
} from './atoms.ts';
import { catchUp, cursor } from './exchange-request.ts';
import { page } from './page.ts';
import { overridden, receipt } from './receipt.ts';

export const exchangeResponse = z.strictObject({
  protocol: z.int().min(1),
  /** The request's, echoed: what proves that this is the server's answer to this very request. */
  nonce,
  epoch,
  /** The server's time, milliseconds since 1970. */
  now: z.int().min(0),
  receipts: z.array(receipt),
  /** Ids without a receipt: they wait for what they depend on, and are sent again (OB1). */
  held: z.array(mutationId),
  pages: z.array(page),
  /**
   * In a read from nothing: collections of which all has come now, as they were at one moment. A device
   * that has nothing yet may show them before the rest (SY9).
   */
  whole: z.array(collectionName),
  /** The records that were asked for by id; null where there is none that the user may see. */
  fetched: z.array(
    z.strictObject({
      collection: collectionName,
      record: recordId,
      found: z.strictObject({ version, values }).nullable(),
    }),
  ),
  /** At the checkpoint of a read that asked for them: what every scope of the selection holds (SY16). */
  checksums: z.array(z.strictObject({ scope, checksum })).nullable(),
  /**
   * At a checkpoint: what of this user's applied work lost since the cursor to writes that had not seen it (CF5, CF6).
   * Absent where nothing did.
   */
  overridden: z.array(overridden).optional(),
  /** Scopes the device held and may not see any more. */
  gone: z.array(scope),
  /** The new cursor, where this answer ends a catch-up: all that was staged becomes visible. */
  cursor: cursor.nullable(),
  /**
   * How to ask for the rest, where it does not. Without a cursor and without this, the catch-up has to
   * begin again from the device's own cursor: what it had staged is thrown away.
   */
  catchUp: catchUp.nullable(),
  /** The snapshot that the last verified backup holds; null while nobody has said. */
  durable: snapshot.nullable(),
  /** The server's history begins here; null while nothing was forgotten. */
  horizon: snapshot.nullable(),
});

/** The body of every answer that is not a 2xx. */
export const errorResponse = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string(), requestId: z.string().optional() }),
});

/** One event of the live stream: there is news in these scopes of the token's user. */
export const liveNews = z.strictObject({ news: z.boolean() });

export type ExchangeResponse = z.infer<typeof exchangeResponse>;
export type ErrorResponse = z.infer<typeof errorResponse>;
