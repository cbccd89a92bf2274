import * as z from 'zod';
import { collectionName, fieldName, mutationId, recordId, stamp, transactionId, values, version } from './atoms.ts';
import { limits } from './limits.ts';

/**
 * Fields changed together: same base, same stamp. The fields of one group always stand in one change,
 * all of them. `was` is their value at the base, sent where a person may have to compare.
 */
export const change = z.strictObject({
  values,
  base: version,
  stamp,
  was: values.optional(),
});

/** An increment, add, remove or text edit: has no base, it merges. Its kinds come with the merging types. */
export const operation = z.strictObject({
  field: fieldName,
  op: z.enum(['increment', 'add', 'remove', 'edit']),
  argument: z.unknown(),
});

const ids = z.array(mutationId).max(limits.dependencies);

const common = {
  id: mutationId,
  transaction: transactionId,
  /** The version of the schema it was made under. */
  schema: z.int().min(1),
  /** This device's earlier entries of the record, in the order made, with the `after` of those. */
  after: ids,
  /** Creates and named waits that have to be applied first. */
  needs: ids,
  /** Mutations of refused or conflicted transactions that this one stands for. */
  resolves: ids,
};

const target = { collection: collectionName, record: recordId };
const changes = z.array(change).max(200);

export const createMutation = z.strictObject({ kind: z.literal('create'), ...common, ...target, set: changes });
export const updateMutation = z.strictObject({
  kind: z.literal('update'),
  ...common,
  ...target,
  /** The version of the record it was made upon. */
  base: version,
  set: changes,
  ops: z.array(operation).max(200),
});
export const deleteMutation = z.strictObject({
  kind: z.literal('delete'),
  ...common,
  ...target,
  base: version,
  /** The field bases of each live own entry it was shown above. */
  bases: z.array(z.record(fieldName, version)).max(limits.dependencies),
  stamp,
});

/** CF9: brings a deleted record back, upon the deletion that was shown; of one that lives it is an update. */
export const restoreMutation = z.strictObject({
  kind: z.literal('restore'),
  ...common,
  ...target,
  /** The version of the deletion. */
  base: version,
  set: changes,
  stamp,
});
/** A named operation of the backend. It belongs to the lanes of all records it refers to. */
export const commandMutation = z.strictObject({
  kind: z.literal('command'),
  ...common,
  name: z.string().min(1).max(100),
  args: values,
  /** The records that the arguments refer to. */
  targets: z.array(z.strictObject(target)).max(limits.dependencies),
  stamp,
});
/**
 * OB11. Without `resolves` it is decided under the id of the mutation it takes back: whichever arrives first
 * is the outcome. With `resolves` it has an id of its own, and stands for answered work without changing
 * anything.
 */
export const discardMutation = z.strictObject({ kind: z.literal('discard'), ...common, stamp });

/** A recorded intent as it travels; `docs/SPEC.md` and the notes on deciding say what each part is for. */
export const mutation = z.discriminatedUnion('kind', [
  createMutation,
  updateMutation,
  deleteMutation,
  restoreMutation,
  commandMutation,
  discardMutation,
]);

export type Change = z.infer<typeof change>;
export type Operation = z.infer<typeof operation>;
export type CreateMutation = z.infer<typeof createMutation>;
export type UpdateMutation = z.infer<typeof updateMutation>;
export type DeleteMutation = z.infer<typeof deleteMutation>;
export type RestoreMutation = z.infer<typeof restoreMutation>;
export type CommandMutation = z.infer<typeof commandMutation>;
export type DiscardMutation = z.infer<typeof discardMutation>;
/** Those that change one record. */
export type RecordMutation = CreateMutation | UpdateMutation | DeleteMutation | RestoreMutation;
export type Mutation = z.infer<typeof mutation>;
