import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BatchPart, largerPart, smallerPart } from './split-batch.ts';

const FULL = 500;

/** What a server that takes at most `most` at a time, and `poison` never, makes of so many transactions. */
function send(count: number, most: number, poison: ReadonlySet<number>) {
  let left = Array.from({ length: count }, (_, index) => index);
  const waiting: number[] = [];
  let requests = 0;
  for (let part: BatchPart = null; left.length > 0; ) {
    requests += 1;
    const batch = left.slice(0, part ?? FULL);
    if (batch.length <= most && !batch.some((each) => poison.has(each))) {
      left = left.slice(batch.length);
      part = largerPart(part, FULL);
    } else {
      part = smallerPart(batch.length, batch.length);
      if (batch.length > 1) continue;
      waiting.push(...batch);
      left = left.slice(1);
    }
  }
  return { waiting, requests };
}

test('[NW5] exactly what is not taken waits, however much else there is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.uniqueArray(fc.nat(599), { maxLength: 5 }), (count, bad) => {
      const poison = new Set(bad.filter((each) => each < count));
      const { waiting, requests } = send(count, FULL, poison);
      expect(waiting).toEqual([...poison].sort((a, b) => a - b));
      expect(requests).toBeLessThan(4 + poison.size * 24);
    }),
  );
});

test('[NW5] a limit on the way costs a few requests more, not one for each mutation', () => {
  expect(send(500, 100, new Set()).requests).toBeLessThan(20);
  expect(send(500, 1, new Set()).requests).toBeLessThan(1_100);
});
