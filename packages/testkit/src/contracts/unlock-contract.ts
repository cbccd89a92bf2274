import { describe, test } from 'vitest';
import { type UnlockHarness, unlockCases } from './unlock/unlock-cases.ts';

/** What every `Unlock` has to do. */
export function unlockContract(name: string, harness: UnlockHarness): void {
  describe(`Unlock: ${name}`, () => {
    for (const { title, run } of unlockCases(harness)) test(title, run);
  });
}
