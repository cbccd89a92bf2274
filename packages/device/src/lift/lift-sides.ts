import {
  type ConflictSides,
  type JsonObject,
  liftMutation,
  type RecordId,
  type Schema,
  STAMP_ZERO,
  VERSION_NONE,
} from '@holdfast/core';
import type { Entry } from '../outbox/entry.ts';
import type { EntryState } from '../outbox/entry-state.ts';

/** Both sides of a conflict in the fields of today, for the person who decides about it (CF7, CF12). */
export function liftState(schema: Schema, entry: Entry): EntryState {
  const { state } = entry;
  if (!('receipt' in state) || state.receipt?.outcome !== 'conflict' || state.receipt.sides === null) return state;
  const sides = liftSides(schema, entry, state.receipt.sides);
  return { ...state, receipt: { ...state.receipt, sides } } as EntryState;
}

function liftSides(schema: Schema, entry: Entry, sides: ConflictSides): ConflictSides {
  const lift = (values: JsonObject) => liftValues(schema, entry, values) ?? values;
  const contested = Object.fromEntries(sides.fields.map((field) => [field, sides.mine[field] ?? null]));
  return {
    ...sides,
    fields: Object.keys(lift(contested)),
    base: lift(sides.base),
    mine: lift(sides.mine),
    theirs: lift(sides.theirs),
  };
}

/** Some fields of a record; null where the steps need more than these. */
function liftValues(schema: Schema, { collection, schema: from }: Entry, values: JsonObject): JsonObject | null {
  const set = [{ values, base: VERSION_NONE, stamp: STAMP_ZERO }];
  const record = '' as RecordId;
  const lifted = liftMutation(schema, { ...SOME_FIELDS, schema: from, collection, record, set });
  if (!lifted.ok || lifted.value.kind !== 'update') return null;
  return Object.assign({}, ...lifted.value.set.map((change) => change.values)) as JsonObject;
}

const SOME_FIELDS = {
  kind: 'update' as const,
  id: '' as Entry['id'],
  transaction: '' as Entry['transaction'],
  base: VERSION_NONE,
  after: [],
  needs: [],
  resolves: [],
  ops: [],
};
