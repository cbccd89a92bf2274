import { expect, test } from 'vitest';
import { dayOf, sparing } from './byte-budget.ts';

const plain = { saveData: false, metered: false };

test.each([
  [plain, 0, null, null],
  [plain, 10 ** 12, null, null],
  [plain, 99, 100, null],
  [plain, 100, 100, 'budget'],
  [plain, 0, 0, 'budget'],
  [{ saveData: true, metered: false }, 0, null, 'save-data'],
  [{ saveData: false, metered: true }, 0, null, 'metered'],
  [{ saveData: true, metered: true }, 100, 100, 'budget'],
] as const)('[NW7] %j after %i bytes of %j: %j', (traits, bytes, perDay, expected) => {
  expect(sparing(traits, { sent: bytes / 2, received: bytes / 2 }, perDay)).toBe(expected);
});

test('[NW7] a day ends at midnight', () => {
  const midnight = 20_000 * 86_400_000;
  expect([dayOf(midnight - 1), dayOf(midnight), dayOf(midnight + 86_399_999)]).toEqual([19_999, 20_000, 20_000]);
});
