import type { Unlock } from '@holdfast/device';
import { type Case, failsWith, holds, same } from '../case.ts';

export interface UnlockHarness {
  /** The unlock method with a secret of its own; the same name gives the same secret, also later. */
  open(name: string): Promise<Unlock>;
}

/** Everything an unlock method has to hold (ST2). */
export function unlockCases(harness: UnlockHarness): readonly Case[] {
  const secret = Uint8Array.from({ length: 48 }, (_, i) => i);
  const context = new TextEncoder().encode('{"user":"ada"}');
  return [
    {
      title: '[ST2] what was wrapped is unwrapped, also by a later opening of the same method',
      async run() {
        const unlock = await harness.open('one');
        const wrapped = await unlock.wrap(secret, context);
        same(await unlock.unwrap(wrapped, context), secret, 'unwrapped');
        same(await (await harness.open('one')).unwrap(wrapped, context), secret, 'unwrapped later');
      },
    },
    {
      title: '[ST2] the wrapped key tells nothing of the key, and no two are alike',
      async run() {
        const unlock = await harness.open('one');
        const [a, b] = [await unlock.wrap(secret, context), await unlock.wrap(secret, context)];
        holds(a.join() !== b.join(), 'two wraps differ');
        for (const wrapped of [a, b]) holds(!wrapped.join().includes(secret.slice(0, 8).join()), 'no piece of the key');
      },
    },
    {
      title: '[ST2] [ST6] another context, an altered byte, a cut, or another secret is WrongKey',
      async run() {
        const unlock = await harness.open('one');
        const wrapped = await unlock.wrap(secret, context);
        const elsewhere = new TextEncoder().encode('{"user":"bob"}');
        await failsWith('WrongKey', unlock.unwrap(wrapped, elsewhere), 'another context');
        for (const at of [0, 12, wrapped.length - 1]) {
          const altered = wrapped.slice();
          altered[at] = 1 ^ (altered[at] ?? 0);
          await failsWith('WrongKey', unlock.unwrap(altered, context), `byte ${at} altered`);
        }
        await failsWith('WrongKey', unlock.unwrap(wrapped.slice(0, 20), context), 'cut short');
        await failsWith('WrongKey', unlock.unwrap(new Uint8Array(), context), 'nothing at all');
        const other = await harness.open('two');
        await other.wrap(secret, context);
        await failsWith('WrongKey', other.unwrap(wrapped, context), 'another secret');
      },
    },
    {
      title: '[ST2] a method that has no secret here yet opens nothing',
      async run() {
        const wrapped = await (await harness.open('one')).wrap(secret, context);
        await failsWith('WrongKey', (await harness.open('never used')).unwrap(wrapped, context), 'no secret');
      },
    },
  ];
}
