import * as z from 'zod';
import {
  type DeviceId,
  type MutationId,
  RECORD_ID_PATTERN,
  type RecordId,
  type Scope,
  type TransactionId,
  UUID_PATTERN,
} from '../ids/ids.ts';
import { STAMP_PATTERN, type Stamp } from '../time/stamp.ts';
import type { Json, JsonObject } from '../value/json.ts';
import { POSITION_PATTERN, type Position, SNAPSHOT_PATTERN, type Snapshot } from '../version/snapshot.ts';
import { EPOCH_PATTERN, type Epoch, VERSION_PATTERN, type Version } from '../version/version.ts';

// The one place where text from outside becomes an id, a stamp, a version or a position.
function branded<T>(schema: z.ZodType<string>): z.ZodType<T, T> {
  return schema as unknown as z.ZodType<T, T>;
}

export const mutationId = branded<MutationId>(z.string().regex(UUID_PATTERN));
export const transactionId = branded<TransactionId>(z.string().regex(UUID_PATTERN));
export const deviceId = branded<DeviceId>(z.string().regex(UUID_PATTERN));
export const recordId = branded<RecordId>(z.string().regex(RECORD_ID_PATTERN));
export const scope = branded<Scope>(z.string().min(1).max(200));
export const stamp = branded<Stamp>(z.string().regex(STAMP_PATTERN));
export const version = branded<Version>(z.string().regex(VERSION_PATTERN));
export const epoch = branded<Epoch>(z.string().regex(EPOCH_PATTERN));
export const position = branded<Position>(z.string().regex(POSITION_PATTERN));
export const snapshot = branded<Snapshot>(z.string().max(81_000).regex(SNAPSHOT_PATTERN));
export const nonce = z.string().regex(/^[0-9a-zA-Z_-]{16,64}$/);

/** Any JSON value; whether it fits its field is asked of the schema, later. */
export const json = z.unknown() as unknown as z.ZodType<Json, Json>;
export const collectionName = z.string().min(1).max(50);
export const fieldName = z.string().min(1).max(50);
export const values = z.record(fieldName, json) as unknown as z.ZodType<JsonObject, JsonObject>;

/** XOR over 64 bits of a hash of each record's collection, id and version, in 16 hexadecimal digits. */
export const checksum = z.string().regex(/^[0-9a-f]{16}$/);
