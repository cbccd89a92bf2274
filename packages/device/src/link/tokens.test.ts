import { createVirtualTime, settlePromises, type VirtualTime } from '@holdfast/testkit';
import { beforeEach, expect, test } from 'vitest';
import type { Locks } from '../ports/platform.ts';
import { createTokens, type SharedToken, type TokenSupplier, type Tokens } from './tokens.ts';

let time: VirtualTime;
let shared: SharedToken;
let locks: Locks;
/** How the app was asked: `refresh` or not. */
let asked: boolean[];

beforeEach(() => {
  time = createVirtualTime();
  shared = { number: 0, token: null };
  asked = [];
  let tail: Promise<unknown> = Promise.resolve();
  locks = {
    exclusive(_name, work, signal) {
      const turn = async () => {
        signal?.throwIfAborted();
        return work();
      };
      const mine = tail.then(turn, turn);
      tail = mine.catch(() => undefined);
      return mine;
    },
  };
});

function tab(give: (refresh: boolean) => ReturnType<TokenSupplier>): Tokens {
  const supplier: TokenSupplier = (ask) => {
    asked.push(ask?.refresh === true);
    return give(ask?.refresh === true);
  };
  const shelf = {
    read: async () => shared,
    put: async (next: SharedToken) => {
      shared = next;
    },
  };
  return createTokens({ supplier, shelf, locks, timers: time, lockName: 'token' });
}

async function mustHold(tokens: Tokens) {
  const held = await tokens.current();
  if (held === null) throw new Error('a token was expected');
  return held;
}

test('[NW4] the app is asked once, and again only after the server did not take what it gave', async () => {
  const tokens = tab((refresh) => (refresh ? 'second' : 'first'));
  const [first] = await Promise.all([mustHold(tokens), mustHold(tokens)]);
  expect((await mustHold(tokens)).token).toBe('first');
  expect(asked).toEqual([false]);
  expect((await tokens.renew(first))?.token).toBe('second');
  expect((await mustHold(tokens)).token).toBe('second');
  expect(asked).toEqual([false, true]);
});

test('[NW4] twenty tabs, one refresh', async () => {
  let refreshes = 0;
  const tabs = Array.from({ length: 20 }, () =>
    tab((refresh) => {
      if (!refresh) return 'expired';
      refreshes += 1;
      return new Promise((resolve) => time.after(3_000, () => resolve(`fresh ${refreshes}`)));
    }),
  );
  const held = await Promise.all(tabs.map(mustHold));
  const renewed = tabs.map((tokens, index) => tokens.renew(held[index] ?? { number: 0, token: '' }));
  for (let step = 0; step < 100; step += 1) {
    await settlePromises();
    time.next(time.now() + 1_000);
  }
  expect(new Set((await Promise.all(renewed)).map((each) => each?.token))).toEqual(new Set(['fresh 1']));
  expect(refreshes).toBe(1);
  // The next one expires as well: again it is one.
  const again = tabs.map(async (tokens) => tokens.renew(await mustHold(tokens)));
  for (let step = 0; step < 100; step += 1) {
    await settlePromises();
    time.next(time.now() + 1_000);
  }
  expect(new Set((await Promise.all(again)).map((each) => each?.token))).toEqual(new Set(['fresh 2']));
});

test('[NW4] a refresh that fails is one for all tabs, too; each asks again when it is next due', async () => {
  const tabs = Array.from({ length: 5 }, () => tab((refresh) => (refresh ? null : 'expired')));
  const held = await Promise.all(tabs.map(mustHold));
  for (const [index, tokens] of tabs.entries()) {
    expect(await tokens.renew(held[index] ?? { number: 0, token: '' })).toBeNull();
  }
  expect(asked.filter((refresh) => refresh)).toHaveLength(1);
  for (const tokens of tabs) expect(await tokens.current()).toBeNull();
  expect(asked.filter((refresh) => refresh)).toHaveLength(2);
});

test('[NW4] the same token again is none', async () => {
  const tokens = tab(() => 'expired');
  expect(await tokens.renew(await mustHold(tokens))).toBeNull();
  expect(await tokens.current()).toBeNull();
});

test('[NW4] a successor that is not taken either ends it, until the app has another', async () => {
  let give = 'a';
  const tokens = tab(() => give);
  const first = await mustHold(tokens);
  give = 'b';
  const second = await tokens.renew(first);
  if (second === null) throw new Error('a token was expected');
  tokens.refuse(second);
  expect(await tokens.current()).toBeNull();
  give = 'c';
  expect((await mustHold(tokens)).token).toBe('c');
});

test('[NW8] a supplier that never answers ends with an error; the next tab has its turn', async () => {
  const tokens = tab(() => new Promise(() => {}));
  const waits = tokens.current().then(
    () => 'came',
    (error: Error) => error.message,
  );
  await settlePromises();
  time.next(60_000);
  expect(await waits).toMatch(/no token within/);
  const stuck = tab((refresh) => (refresh ? new Promise(() => {}) : 'expired'));
  const fine = tab((refresh) => (refresh ? 'fresh' : 'expired'));
  const [a, b] = [await mustHold(stuck), await mustHold(fine)];
  const first = stuck.renew(a).catch((error: Error) => error.message);
  const second = fine.renew(b);
  await settlePromises();
  time.next(time.now() + 60_000);
  expect(await first).toMatch(/no token within/);
  expect((await second)?.token).toBe('fresh');
});
