import { expect, test } from 'vitest';
import { holds, type Position, type Snapshot } from './snapshot.ts';

const at = (value: number) => String(value) as Position;

test('[SV2] a snapshot holds what had ended when it was taken, and nothing else', () => {
  const snapshot = '100:105:101,103' as Snapshot;
  expect([99, 100, 101, 102, 103, 104, 105, 1000].map((value) => holds(snapshot, at(value)))).toEqual([
    true,
    true,
    false,
    true,
    false,
    true,
    false,
    false,
  ]);
});

test('[SV2] positions beyond the safe integers stay exact', () => {
  const snapshot = '9007199254740993:9007199254740995:9007199254740993' as Snapshot;
  expect(holds(snapshot, '9007199254740992' as Position)).toBe(true);
  expect(holds(snapshot, '9007199254740993' as Position)).toBe(false);
  expect(holds(snapshot, '9007199254740994' as Position)).toBe(true);
});
