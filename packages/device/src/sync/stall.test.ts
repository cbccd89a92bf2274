import { expect, test } from 'vitest';
import { watch } from './stall.ts';

test.each([
  [{ movedAt: 0, withinMs: 0, calledOffAt: null }, 0, { type: 'leave', lookAt: 60_000 }],
  [{ movedAt: 0, withinMs: 0, calledOffAt: null }, 59_999, { type: 'leave', lookAt: 60_000 }],
  [{ movedAt: 0, withinMs: 0, calledOffAt: null }, 60_000, { type: 'call-off' }],
  [{ movedAt: 50_000, withinMs: 20_000, calledOffAt: null }, 60_000, { type: 'leave', lookAt: 110_000 }],
  // A large body over a slow link: its own deadline comes first.
  [{ movedAt: 0, withinMs: 90_000, calledOffAt: null }, 94_999, { type: 'leave', lookAt: 95_000 }],
  [{ movedAt: 0, withinMs: 90_000, calledOffAt: null }, 95_000, { type: 'call-off' }],
  [{ movedAt: 0, withinMs: 0, calledOffAt: 60_000 }, 60_001, { type: 'leave', lookAt: 75_000 }],
  [{ movedAt: 0, withinMs: 0, calledOffAt: 60_000 }, 75_000, { type: 'go-on-without' }],
] as const)('[NW8] %j at %i: %j', (progress, now, expected) => {
  expect(watch(progress, now, 60_000)).toEqual(expected);
});
