import type { Brand } from '../ids/brand.ts';

/** Where a change stands in the server's history: the transaction that made it, in decimal. */
export type Position = Brand<string, 'Position'>;

/**
 * Which transactions a read has seen, in the form of Postgres's `pg_snapshot`: `xmin:xmax:xip,…`.
 * All below xmin are seen; none from xmax on; between them all but those listed, which were still
 * under way.
 */
export type Snapshot = Brand<string, 'Snapshot'>;

export const POSITION_PATTERN = /^[1-9][0-9]{0,18}$/;
export const SNAPSHOT_PATTERN = /^[1-9][0-9]{0,18}:[1-9][0-9]{0,18}:([1-9][0-9]{0,18}(,[1-9][0-9]{0,18}){0,4095})?$/;

/** The first transaction that had not begun when the snapshot was taken. Grows with every read of one history. */
export function snapshotEnd(snapshot: Snapshot): bigint {
  return BigInt(snapshot.split(':')[1] ?? '0');
}

/**
 * Does the snapshot hold everything that `horizon` does? A horizon has no transactions under way: all
 * below its end were finished, so the first that the snapshot lacks tells.
 */
export function reaches(snapshot: Snapshot, horizon: Snapshot): boolean {
  return BigInt(snapshot.split(':')[0] ?? '0') >= snapshotEnd(horizon);
}

/** Does the snapshot hold the transaction at `position`? */
export function holds(snapshot: Snapshot, position: Position): boolean {
  const [xmin = '', xmax = '', running = ''] = snapshot.split(':');
  const at = BigInt(position);
  if (at < BigInt(xmin)) return true;
  if (at >= BigInt(xmax)) return false;
  return !running.split(',').includes(position);
}
