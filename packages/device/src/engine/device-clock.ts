import { clamp, observe, type Stamp, tick } from '@holdfast/core';
import type { Clock } from '../ports/platform.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/**
 * The device's hybrid logical clock, corrected by the server's time (CF10). What it last said stands in
 * the store, so that neither a restart nor a dead battery's clock takes it back (hazard D4).
 */
export interface DeviceClock {
  /** A stamp later than every one this store has seen. Inside the transaction that stores it. */
  next(tx: ReadTx): Promise<Stamp>;
  /** Passes a stamp that was pulled, and takes over the server's time, measured over `roundTripMs`. */
  learn(tx: WriteTx, pulled: Stamp, serverNowMs: number, roundTripMs: number): Promise<void>;
}

/** How far ahead of its own clock a server takes a stamp. */
const MOST_AHEAD_MS = 60_000;

export function createDeviceClock(clock: Clock, start: { clock: Stamp; offsetMs: number }): DeviceClock {
  let last = start.clock;
  let offsetMs = start.offsetMs;
  return {
    async next(tx) {
      // Other tabs write to the same store: their latest stamps stand in it.
      const rows = await tx.all(
        `SELECT max(clock, coalesce((SELECT stamp FROM hf_outbox
           WHERE json_extract(state, '$.at') NOT IN ('conflicted', 'refused') ORDER BY seq DESC LIMIT 1), '')) AS stamp,
           offset_ms FROM hf_device`,
      );
      const stored = rows[0]?.stamp;
      // Another tab may have learned the server's time since.
      offsetMs = rows[0]?.offset_ms as number;
      if (typeof stored === 'string') last = observe(last, stored as Stamp);
      last = tick(last, clock.now() + offsetMs);
      return last;
    },
    async learn(tx, pulled, serverNowMs, roundTripMs) {
      offsetMs = serverNowMs + roundTripMs / 2 - clock.now();
      const [row] = await tx.all('SELECT clock FROM hf_device');
      // A reading from a time when the clock was years ahead is given up here, and only here: later than this
      // the server would not take it either (CF10).
      last = clamp(observe(observe(last, row?.clock as Stamp), pulled), serverNowMs, MOST_AHEAD_MS);
      await tx.run('UPDATE hf_device SET clock = ?, offset_ms = ?', [last, offsetMs]);
    },
  };
}
