import type { ServerStore } from '@holdfast/server';
import type { RowSink } from './row-sink.ts';

/** Writes imported rows straight into a store that this process has open. */
export function storeSink(store: ServerStore): RowSink {
  return {
    write: (collection, rows) => store.importRows(collection, rows),
    close: () => store.close(),
  };
}
