import type { CatchUp, Cursor, Epoch, Scope, Snapshot } from '@holdfast/core';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/** What the device has read, and where a catch-up under way stands. */
export interface ReadState {
  /** Grows with every answer taken in. */
  readonly generation: number;
  readonly epoch: Epoch | null;
  /** Null before the first checkpoint, and while everything is read again. */
  readonly cursor: Cursor | null;
  readonly catchUp: CatchUp | null;
  readonly staged: { readonly records: number; readonly bytes: number };
  /** Milliseconds since 1970, by this device's clock. */
  readonly lastSync: number | null;
}

export async function readReadState(tx: ReadTx): Promise<ReadState> {
  const [row] = await tx.all('SELECT * FROM hf_cursor');
  const snapshot = (row?.snapshot ?? null) as Snapshot | null;
  return {
    generation: (row?.generation as number | undefined) ?? 0,
    epoch: (row?.epoch ?? null) as Epoch | null,
    cursor: snapshot === null ? null : { snapshot, scopes: JSON.parse(row?.scopes as string) as Scope[] },
    catchUp: typeof row?.catch_up === 'string' ? (JSON.parse(row.catch_up) as CatchUp) : null,
    staged: { records: (row?.staged_records as number) ?? 0, bytes: (row?.staged_bytes as number) ?? 0 },
    lastSync: (row?.last_sync ?? null) as number | null,
  };
}

export async function writeReadState(tx: WriteTx, state: ReadState): Promise<void> {
  await tx.run(
    `INSERT OR REPLACE INTO hf_cursor (one, generation, epoch, snapshot, scopes, catch_up, staged_records, staged_bytes, last_sync)
     VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      state.generation,
      state.epoch,
      state.cursor?.snapshot ?? null,
      JSON.stringify(state.cursor?.scopes ?? []),
      state.catchUp === null ? null : JSON.stringify(state.catchUp),
      state.staged.records,
      state.staged.bytes,
      state.lastSync,
    ],
  );
}
