import { expect, test } from 'vitest';
import { LinkPace } from './link-pace.ts';

test('[NW6] a link without a limit only delays', () => {
  const pace = new LinkPace({ kbit: null, delayMs: 40 });
  expect(pace.arrival(1_000_000, 5)).toBe(45);
  expect(pace.arrival(1, 5)).toBe(45);
});

test('[NW6] bytes take their time on the line, one after the other, and the delay comes on top once', () => {
  const pace = new LinkPace({ kbit: 32, delayMs: 100 });
  // 4,000 bytes are 32 kbit: a second.
  expect(pace.arrival(4_000, 0)).toBe(1_100);
  expect(pace.arrival(2_000, 0)).toBe(1_600);
});

test('[NW6] a line that was idle owes nothing for it', () => {
  const pace = new LinkPace({ kbit: 32, delayMs: 0 });
  expect(pace.arrival(4_000, 0)).toBe(1_000);
  expect(pace.arrival(4_000, 10_000)).toBe(11_000);
});
