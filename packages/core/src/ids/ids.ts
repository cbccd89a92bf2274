import type { Brand } from './brand.ts';

/**
 * The id of one record. Flavoured by its collection: a `RecordId<'contacts'>` does not pass for a
 * `RecordId<'mentors'>`, while a plain string (from a route, say) passes for both.
 */
export type RecordId<Collection extends string = string> = string & { readonly __record?: Collection };

/** A recorded intent; UUIDv7, made on the device, one outcome for ever. */
export type MutationId = Brand<string, 'MutationId'>;
/** The mutations of one `write`; UUIDv7. */
export type TransactionId = Brand<string, 'TransactionId'>;
/** One installation of an app for one user; UUIDv7. */
export type DeviceId = Brand<string, 'DeviceId'>;
/** Whoever the token names in `sub`. */
export type UserId = Brand<string, 'UserId'>;
/** A named slice of the data, such as `mentor:42`. */
export type Scope = Brand<string, 'Scope'>;

/** What may stand as a record id: FHIR's alphabet and length, with `_` and `~`. */
export const RECORD_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$/;
export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
