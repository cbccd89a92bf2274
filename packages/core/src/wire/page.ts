import * as z from 'zod';
import { collectionName, epoch, recordId, scope, stamp, values } from './atoms.ts';

/**
 * Records of one collection with the same part in the same scopes. `whole` groups bring every field;
 * the others only fields that changed since the cursor, for records the device holds (SY10). A record
 * in no scope of `in` has only left those of `out`.
 */
export const recordGroup = z.strictObject({
  collection: collectionName,
  /** The epoch of all versions in this group. */
  epoch,
  in: z.array(scope),
  out: z.array(scope),
  whole: z.boolean(),
  /** Older than the window that was asked for: id and version only (SY14). Never together with `whole`. */
  aged: z.boolean(),
  /** Whole records, and their values are left out: they are those of the creates in the request. */
  own: z.literal(true).optional(),
  /**
   * Id, the count of its version, its fields (none for a record that only left), and, where a window was
   * asked for, its highest stamp: what tells its age.
   */
  records: z.array(z.tuple([recordId, z.int().min(1), values, stamp.optional()])),
});

/** A part of a catch-up; staged, and seen only when the last one has arrived. */
export const page = z.strictObject({
  groups: z.array(recordGroup),
  /** The highest stamp in the page: the device's clock passes it (CF10). */
  stamp: stamp.nullable(),
});

export type RecordGroup = z.infer<typeof recordGroup>;
export type Page = z.infer<typeof page>;
