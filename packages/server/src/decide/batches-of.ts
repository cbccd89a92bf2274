import type { Collection, Schema } from '@holdfast/core';
import type { RecordBatch, StampedChange } from '../store/server-store.ts';
import { referenceOrder } from './reference-order.ts';
import type { WorkingRecord } from './working-copy.ts';

const KINDS = ['insert', 'update', 'delete'] as const;

/**
 * What was written, as few statements: one for each kind of change and collection, or more where a
 * record is deleted after it was written, or comes back. A record is inserted after what its collection
 * refers to and deleted before it, as foreign keys of the app's own want it.
 */
export function batchesOf(schema: Schema, written: Iterable<WorkingRecord>): RecordBatch[] {
  const order = referenceOrder(schema);
  const rounds: Map<string, { id: string; changes: readonly StampedChange[] }[]>[] = [];
  for (const record of written) {
    for (const [round, slot] of record.slots.entries()) {
      rounds[round] ??= new Map();
      const key = `${slot.kind} ${record.collection}`;
      const rows = rounds[round].get(key);
      const row = { id: record.id, changes: slot.changes };
      if (rows === undefined) rounds[round].set(key, [row]);
      else rows.push(row);
    }
  }
  return rounds.flatMap((round) =>
    KINDS.flatMap((kind) =>
      inOrder(order, kind).flatMap(({ name: collection }) => {
        const rows = round.get(`${kind} ${collection}`);
        return rows === undefined ? [] : [{ collection, kind, rows }];
      }),
    ),
  );
}

function inOrder(order: readonly Collection[], kind: RecordBatch['kind']): readonly Collection[] {
  return kind === 'delete' ? [...order].reverse() : order;
}
