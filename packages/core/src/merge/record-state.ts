import type { Stamp } from '../time/stamp.ts';
import type { Json } from '../value/json.ts';
import type { Version } from '../version/version.ts';

/** The last change of one field. `authority` is the role it was made with, `by` the user. */
export interface FieldMark {
  readonly version: Version;
  readonly stamp: Stamp;
  /** The mutation's id where a device made it: breaks ties between equal stamps. */
  readonly tie: string;
  readonly authority: string | null;
  readonly by: string | null;
}

/** One record as the server holds it, under its row lock. */
export interface RecordState {
  readonly version: Version;
  /** The values; of a deleted record its last content. */
  readonly values: Readonly<Record<string, Json>>;
  /** The mark of each field that changed since the record was created. */
  readonly marks: Readonly<Record<string, FieldMark>>;
  /** The mark of all other fields: the record's creation. */
  readonly created: FieldMark;
  /** The mark of its deletion; null while it lives. */
  readonly deleted: FieldMark | null;
}

export function markOf(record: RecordState, field: string): FieldMark {
  // A field may have the name of something that every object inherits, such as `toString`.
  return (Object.hasOwn(record.marks, field) ? record.marks[field] : undefined) ?? record.created;
}
