import * as z from 'zod';
import { collectionName, fieldName, json, mutationId, position, recordId, values, version } from './atoms.ts';

/** Which rule took a value away. */
export const lossRule = z.enum(['lastWriteWins', 'serverWins', 'authority', 'deleted', 'updated', 'custom']);

/** Values that were not taken over, with what stands there instead (CF4, CF6). */
export const loss = z.strictObject({ mine: values, kept: values, rule: lossRule, by: z.string().nullable() });

/** The same of what had been applied, and lost later to somebody who had not seen it. */
export const overridden = loss.extend({ collection: collectionName, record: recordId });

/** Both sides of a conflict, for a person: what it was, what I wrote, what is there now (CF7). */
export const conflictSides = z.strictObject({
  fields: z.array(fieldName),
  base: values,
  mine: values,
  theirs: values,
  /** The record was deleted by others, or is to be deleted by me. */
  deletion: z.enum(['theirs', 'mine']).nullable(),
  /** The record's version that `theirs` shows: what a person's choice is made upon. */
  version,
  by: z.string().nullable(),
});

/**
 * Why a mutation was refused. `gone` also stands for what the writer may not know of, alike to the
 * byte, so that no answer tells what exists.
 */
export const refusal = z.enum([
  'exists',
  'gone',
  'deleted',
  'forbidden',
  'invalid',
  'reused',
  'resolved',
  'dependency',
  'transaction',
  /** By the command's own handler, which says why. */
  'rejected',
  /** Made under an older schema, and its declared steps do not lead here (CF12). */
  'schema',
]);

const common = {
  id: mutationId,
  /** The transaction that decided it. Takes effect on the device when its cursor holds this (SY15). */
  position,
};

/** The server's answer for one mutation: its outcome, final in its epoch. */
export const receipt = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('applied'),
    ...common,
    /** What a command's handler gave back. */
    result: json.optional(),
  }),
  z.strictObject({ outcome: z.literal('merged'), ...common, lost: z.array(loss) }),
  z.strictObject({ outcome: z.literal('conflict'), ...common, sides: conflictSides.nullable() }),
  z.strictObject({
    outcome: z.literal('refused'),
    ...common,
    reason: refusal,
    /** In words, for the developer's log: which field, which rule. */
    detail: z.string().nullable(),
  }),
  z.strictObject({ outcome: z.literal('discarded'), ...common }),
]);

export type LossRule = z.infer<typeof lossRule>;
export type Loss = z.infer<typeof loss>;
export type OverriddenLater = z.infer<typeof overridden>;
export type ConflictSides = z.infer<typeof conflictSides>;
export type Refusal = z.infer<typeof refusal>;
export type Receipt = z.infer<typeof receipt>;
export type Outcome = Receipt['outcome'];
