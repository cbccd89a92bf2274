import type { Schema } from '@holdfast/core';
import type { WriteTransaction } from '../device.ts';
import type { Intent } from '../write/intent.ts';

/**
 * Runs the app's function and notes what it asked for. Nothing is looked at yet: the engine checks the
 * whole transaction at once, so that one error can name every bad field.
 */
export function recordIntents<S extends Schema>(
  schema: S,
  work: (tx: WriteTransaction<S>) => void,
  newId: () => string,
): Intent[] {
  const intents: Intent[] = [];
  let open = true;
  const note = (intent: Intent) => {
    if (!open) throw new Error('write: the transaction is over; make all changes before the function returns');
    intents.push(intent);
  };
  const writers = Object.fromEntries(
    [...schema.collections.keys()].map((collection) => [
      collection,
      {
        create({ id, ...values }: Record<string, unknown>) {
          const record = typeof id === 'string' ? id : newId();
          note({ kind: 'create', collection, record, values });
          return { id: record };
        },
        update(record: string, values: Record<string, unknown>, options?: { confirm?: boolean }) {
          note({ kind: 'update', collection, record, values, confirm: options?.confirm ?? false });
        },
        delete(record: string) {
          note({ kind: 'delete', collection, record });
        },
      },
    ]),
  );
  const command = (name: string, args: Record<string, unknown>) => note({ kind: 'command', name, args });
  const result: unknown = work({ ...writers, command } as unknown as WriteTransaction<S>);
  open = false;
  if (result instanceof Promise) {
    throw new Error('write: the function must not be async; read first, then write');
  }
  return intents;
}
