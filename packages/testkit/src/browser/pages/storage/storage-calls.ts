/** What the storage page can be asked for, and what comes back; all of it is done in its worker. */
export interface StorageCalls {
  /** Runs one case of a contract. Gives null, or how it failed. */
  runCase(suite: Suite, title: string): Promise<string | null>;
  /** Opens a store with a counter, or makes it, for the calls below. */
  open(store: string): Promise<void>;
  increment(times: number): Promise<void>;
  counter(): Promise<number>;
  /** Writes batch after batch without end, calling `acknowledged` after each. */
  startWriting(): Promise<void>;
  /** What a store holds after whatever happened to its writer. */
  inspect(): Promise<Inspection>;
  /** Writes a text, as part of a row and as a table's name. */
  remember(text: string): Promise<void>;
  /** Writes `mebibytes` in one write. Gives null, or the code it failed with. */
  fill(mebibytes: number): Promise<string | null>;
  close(): Promise<void>;
}

export type Suite = 'opfs' | 'idb' | 'unlock' | 'platform';

/** Batch n is one row in `batch` and `ROWS_PER_BATCH` rows in `item`, all in one write. */
export const ROWS_PER_BATCH = 20;

export interface Inspection {
  readonly batches: number;
  /** The number of the last batch; they count from 1, without gaps. */
  readonly last: number;
  /** Batches that lack rows, or have rows of none. */
  readonly torn: number;
  readonly integrity: string;
}

export interface Call {
  readonly id: number;
  readonly name: keyof StorageCalls;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly acknowledged: number };

declare global {
  interface Window {
    /** Asks the page's worker, and gives its answer. */
    ask(name: Call['name'], ...args: unknown[]): Promise<unknown>;
    /** Ends the worker, as locking does, and starts another one. */
    replaceWorker(): void;
    /** Given by the test: told of each batch that was acknowledged. */
    acknowledged?(batch: number): void;
  }
}
