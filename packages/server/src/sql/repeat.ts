import { HoldfastError } from '@holdfast/core';
import { sqlState } from './sql-database.ts';

/** Deadlock, serialization failure, a lock not had in time. */
const REPEATED = new Set(['40P01', '40001', '55P03']);
const TRIES = 10;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 500;

/**
 * Runs `work` again, after a little chance, when the database gave it up for another's sake (hazard B16).
 *
 * @throws HoldfastError `Busy` when that did not help
 */
export async function repeat<T>(random: { fraction(): number }, work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (!mayRepeat(error)) throw error;
      if (tried === TRIES) throw new HoldfastError('Busy', `SQL state ${sqlState(error)}`, { cause: error });
      const ceiling = Math.min(FIRST_WAIT_MS * 2 ** tried, LONGEST_WAIT_MS);
      await new Promise((resolve) => setTimeout(resolve, ceiling * random.fraction()));
    }
  }
}

export function mayRepeat(error: unknown): boolean {
  return REPEATED.has(sqlState(error) ?? '');
}
