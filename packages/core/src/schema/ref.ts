import * as z from 'zod';
import { RECORD_ID_PATTERN, type RecordId } from '../ids/ids.ts';

const references = z.registry<{ collection: string }>();

/** A field that holds the id of a record of `collection`. Writes that use it wait for its create. */
export function ref<const Collection extends string>(
  collection: Collection,
): z.ZodType<RecordId<Collection>, RecordId<Collection>> {
  const field = z.string().regex(RECORD_ID_PATTERN, `the id of a record of ${collection}`);
  references.add(field, { collection });
  return field as unknown as z.ZodType<RecordId<Collection>, RecordId<Collection>>;
}

/** The collection that a field made by `ref` points to, else null. */
export function referencedCollection(field: z.core.$ZodType): string | null {
  return references.get(field as z.ZodType)?.collection ?? null;
}
