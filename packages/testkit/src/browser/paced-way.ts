import type { Socket } from 'node:net';
import type { LinkPace } from './link-pace.ts';

/** What a packet carries: a slow line gives out what has come of a longer write, not all of it at its end. */
const SEGMENT_BYTES = 1_400;
/** What waits before the line; with more, the sender has to wait, too. */
const MOST_QUEUED_BYTES = 256 * 1024;

/**
 * Passes on what one socket receives to another, at a link's pace. `onBytes` sees it as it comes in, and
 * says whether it goes any further.
 */
export function pacedWay(from: Socket, to: Socket, pace: LinkPace, onBytes: (bytes: Buffer) => boolean): void {
  const queue: { readonly bytes: Buffer; readonly at: number }[] = [];
  let queued = 0;
  let ended = false;
  let timer: NodeJS.Timeout | null = null;

  const pump = () => {
    timer = null;
    for (;;) {
      const [next] = queue;
      if (next === undefined) break;
      if (to.destroyed) return;
      const waitMs = next.at - performance.now();
      if (waitMs > 0) {
        timer = setTimeout(pump, waitMs);
        return;
      }
      if (to.writableNeedDrain) return;
      queue.shift();
      queued -= next.bytes.length;
      to.write(next.bytes);
      if (queued < MOST_QUEUED_BYTES) from.resume();
    }
    if (ended) to.end();
  };
  const soon = () => {
    if (timer === null) pump();
  };

  from.on('data', (chunk: Buffer) => {
    if (!onBytes(chunk)) return;
    for (let start = 0; start < chunk.length; start += SEGMENT_BYTES) {
      const bytes = chunk.subarray(start, start + SEGMENT_BYTES);
      queue.push({ bytes, at: pace.arrival(bytes.length, performance.now()) });
    }
    queued += chunk.length;
    if (queued >= MOST_QUEUED_BYTES) from.pause();
    soon();
  });
  from.on('end', () => {
    ended = true;
    soon();
  });
  to.on('drain', soon);
  to.on('close', () => {
    if (timer !== null) clearTimeout(timer);
  });
}
