import { limits } from '@holdfast/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deadlinesFor, type LinkSpeed, learnSpeed, slowDown, speedUp, UNKNOWN_SPEED } from './link-speed.ts';

/** A link that carries so many bytes of the wire a second each way, over which JSON travels at a fifth of its size. */
function exchange(speed: LinkSpeed, wirePerSecond: number, rttMs: number, waiting: { up: number; down: number }) {
  const sentBytes = Math.min(waiting.up, speed.batchBytes);
  const receivedBytes = Math.min(waiting.down, speed.pageBytes);
  const ms = (bytes: number) => (bytes / 5 / wirePerSecond) * 1_000;
  const sample = {
    sentBytes,
    receivedBytes,
    wireBytes: receivedBytes / 5,
    firstByteMs: rttMs + ms(sentBytes),
    bodyMs: ms(receivedBytes),
  };
  return { next: learnSpeed(speed, sample), tookMs: sample.firstByteMs + sample.bodyMs };
}

const MUCH = { up: 50_000_000, down: 50_000_000 };

test('[NW6] at 32 kbit/s every exchange takes seconds, the first one too', () => {
  let speed = UNKNOWN_SPEED;
  for (let count = 0; count < 20; count += 1) {
    const { next, tookMs } = exchange(speed, 4_000, 800, MUCH);
    expect(tookMs).toBeLessThan(15_000);
    speed = next;
  }
  expect(speed.pageBytes).toBeGreaterThan(40_000);
});

test('[NW6] on a fast link as much goes at once as there may, within three exchanges', () => {
  let speed = UNKNOWN_SPEED;
  for (let count = 0; count < 3; count += 1) speed = exchange(speed, 10_000_000, 5, MUCH).next;
  expect([speed.batchBytes, speed.pageBytes]).toEqual([limits.pageBytes, limits.pageBytes]);
});

test('[NW6] a link that gets slow is noticed by one exchange, one that gets fast by a few', () => {
  let speed = UNKNOWN_SPEED;
  for (let count = 0; count < 5; count += 1) speed = exchange(speed, 100_000, 50, MUCH).next;
  const fast = speed.pageBytes;
  speed = exchange(speed, 4_000, 800, MUCH).next;
  expect(speed.pageBytes).toBeLessThan(fast / 2);
  for (let count = 0; count < 10; count += 1) speed = exchange(speed, 4_000, 800, MUCH).next;
  expect(exchange(speed, 4_000, 800, MUCH).tookMs).toBeLessThan(15_000);
  for (let count = 0; count < 10; count += 1) speed = exchange(speed, 100_000, 50, MUCH).next;
  expect(speed.pageBytes).toBeGreaterThan(fast / 2);
});

test('[NW6] quiet exchanges say nothing about throughput', () => {
  const speed = exchange(UNKNOWN_SPEED, 4_000, 800, { up: 300, down: 500 }).next;
  expect(speed).toMatchObject({ up: null, down: null, batchBytes: UNKNOWN_SPEED.batchBytes });
  expect(speed.roundTripMs).toBeGreaterThan(700);
});

test('[NW6, NW8] what did not come through in its time is tried with less, down to a floor', () => {
  let speed = UNKNOWN_SPEED;
  expect(slowDown(speed).batchBytes).toBeLessThan(speed.batchBytes);
  for (let count = 0; count < 20; count += 1) speed = slowDown(speed);
  expect([speed.batchBytes, speed.pageBytes]).toEqual([8_192, 8_192]);
});

test('[NW6] a backend that does not measure gets more as long as all goes well', () => {
  let speed = slowDown(UNKNOWN_SPEED);
  for (let count = 0; count < 3; count += 1) speed = speedUp(speed);
  expect([speed.batchBytes, speed.pageBytes]).toEqual([limits.pageBytes, limits.pageBytes]);
});

test('[NW6] whatever is measured, sizes and deadlines stay within bounds', () => {
  const bytes = fc.nat(10_000_000);
  const ms = fc.double({ min: 0, max: 1e7, noNaN: true });
  const sample = fc.record({ sentBytes: bytes, receivedBytes: bytes, wireBytes: bytes, firstByteMs: ms, bodyMs: ms });
  fc.assert(
    fc.property(fc.array(fc.option(sample), { maxLength: 20 }), (samples) => {
      let speed = UNKNOWN_SPEED;
      for (const each of samples) speed = each === null ? slowDown(speed) : learnSpeed(speed, each);
      for (const size of [speed.batchBytes, speed.pageBytes]) {
        expect(size).toBeGreaterThanOrEqual(8_192);
        expect(size).toBeLessThanOrEqual(limits.pageBytes);
      }
      const { firstByteMs, idleMs } = deadlinesFor(speed, limits.transactionBytes);
      expect(firstByteMs).toBeGreaterThanOrEqual(40_000);
      expect(idleMs).toBeGreaterThanOrEqual(20_000);
      expect(Number.isFinite(firstByteMs + idleMs)).toBe(true);
    }),
  );
});

test('[NW8] a body has the time that a slow link needs for it', () => {
  expect(deadlinesFor(UNKNOWN_SPEED, 0)).toEqual({ firstByteMs: 40_000, idleMs: 20_000, totalMs: 600_000 });
  // 60 KB at 32 kbit/s take 15 s.
  expect(deadlinesFor(UNKNOWN_SPEED, 60_000).firstByteMs).toBeGreaterThanOrEqual(40_000 + 15_000);
  expect(deadlinesFor({ roundTripMs: 3_000, up: 1 }, 60_000).firstByteMs).toBeGreaterThanOrEqual(40_000 + 60_000);
});
