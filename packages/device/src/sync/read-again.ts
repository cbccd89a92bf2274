import type { WriteTx } from '../ports/storage-driver.ts';
import { readReadState, writeReadState } from './cursor-store.ts';

/** Everything is read again from the start; the outbox stays, and what is shown stays until then. */
export async function readAgain(tx: WriteTx): Promise<void> {
  const state = await readReadState(tx);
  await tx.run('DELETE FROM hf_stage');
  await tx.run('DELETE FROM hf_early');
  await writeReadState(tx, {
    ...state,
    generation: state.generation + 1,
    cursor: null,
    catchUp: null,
    staged: { records: 0, bytes: 0 },
  });
}
