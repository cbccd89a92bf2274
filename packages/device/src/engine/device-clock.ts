import { observe, type Stamp, tick } from '@holdfast/core';
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

export function createDeviceClock(clock: Clock, start: { clock: Stamp; offsetMs: number }): DeviceClock {
  let last = start.clock;
  let offsetMs = start.offsetMs;
  return {
    async next(tx) {
      // Other tabs write to the same store: their latest stamps stand in it.
      const rows = await tx.all(
        "SELECT max((SELECT clock FROM hf_device), coalesce((SELECT stamp FROM hf_outbox ORDER BY seq DESC LIMIT 1), '')) AS stamp",
      );
      const stored = rows[0]?.stamp;
      if (typeof stored === 'string') last = observe(last, stored as Stamp);
      last = tick(last, clock.now() + offsetMs);
      return last;
    },
    async learn(tx, pulled, serverNowMs, roundTripMs) {
      offsetMs = serverNowMs + roundTripMs / 2 - clock.now();
      last = observe(last, pulled);
      await tx.run('UPDATE hf_device SET clock = max(clock, ?), offset_ms = ?', [last, offsetMs]);
    },
  };
}
