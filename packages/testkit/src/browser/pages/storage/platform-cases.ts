import { browserDeviceKey, browserPlatform, browserStorage } from '@holdfast/device/worker';
import { type Case, holds, same } from '../../../contracts/case.ts';

/** What a browser's platform has to do, besides storing. */
export function platformCases(): readonly Case[] {
  return [
    {
      title: '[SY2] locks let one in at a time, and other stores do not wait',
      async run() {
        const [a, b] = [browserPlatform({ name: 'one' }), browserPlatform({ name: 'one' })];
        const log: string[] = [];
        const hold = (who: string, platform: typeof a) =>
          platform.locks.exclusive('sync', async () => {
            log.push(`${who} in`);
            await new Promise((resolve) => platform.timers.after(2, () => resolve(null)));
            log.push(`${who} out`);
            if (who === 'a') throw new Error('failed');
          });
        const outcomes = await Promise.allSettled([hold('a', a), hold('b', b)]);
        same(log, ['a in', 'a out', 'b in', 'b out'], 'order');
        same(
          outcomes.map(({ status }) => status),
          ['rejected', 'fulfilled'],
          'outcomes',
        );
        const other = browserPlatform({ name: 'two' });
        const both = await a.locks.exclusive('sync', () => other.locks.exclusive('sync', async () => 'both'));
        same(both, 'both', 'locks of two stores');
      },
    },
    {
      title: '[SY2] a lock can be taken from a tab that is frozen; whoever waits gets it next',
      async run() {
        const [frozen, other] = [browserPlatform({ name: 'six' }), browserPlatform({ name: 'six' })];
        let holds = () => {};
        const held = new Promise<void>((resolve) => {
          holds = resolve;
        });
        const lost = frozen.locks.exclusive('sync', () => {
          holds();
          return new Promise<never>(() => {});
        });
        await held;
        const ended = lost.catch((error: Error) => error.name);
        same(await other.locks.steal?.('sync', async () => 'stolen'), 'stolen', 'what was done');
        same(await ended, 'AbortError', 'what the holder hears');
        same(await frozen.locks.exclusive('sync', async () => 'free'), 'free', 'afterwards');
      },
    },
    {
      title: '[WR3] notices reach the other tabs of the store, never their sender nor another store',
      async run() {
        const [sender, receiver, stranger] = ['three', 'three', 'four'].map((name) => browserPlatform({ name }));
        if (!sender || !receiver || !stranger) throw new Error('three platforms');
        const heard: string[] = [];
        sender.notices.listen(() => heard.push('sender'));
        stranger.notices.listen(() => heard.push('stranger'));
        const received = new Promise((resolve) => receiver.notices.listen(resolve));
        sender.notices.post({ tables: { note: ['1'], other: null } });
        same(await received, { tables: { note: ['1'], other: null } }, 'the notice');
        same(heard, [], 'others that heard it');
      },
    },
    {
      title: '[SY3] nudges reach whoever listens, until they stop',
      async run() {
        const { nudges, nudge } = browserPlatform({ name: 'five' });
        const heard: string[] = [];
        const stop = nudges.listen((why) => heard.push(why));
        nudge('foreground');
        self.dispatchEvent(new Event('online'));
        stop();
        nudge('link');
        same(heard, ['foreground', 'link'], 'nudges');
      },
    },
    {
      title: '[ST2] [ST6] slots are null before there are any, then what was written last, for each user alone',
      async run() {
        const name = `slots ${crypto.randomUUID()}`;
        const ada = browserStorage({ user: 'ada', name });
        const bob = browserStorage({ user: 'bob', name });
        same(await ada.readSlots(), null, 'before');
        await ada.writeSlots('one');
        await ada.writeSlots('two');
        same(await browserStorage({ user: 'ada', name }).readSlots(), 'two', 'after');
        same(await bob.readSlots(), null, 'another user');
      },
    },
    {
      title: '[ST2] the device key cannot be taken out of the browser, and two tabs agree on one',
      async run() {
        const name = `key ${crypto.randomUUID()}`;
        const [one, two] = [browserDeviceKey({ name }), browserDeviceKey({ name })];
        const secret = new Uint8Array(48).fill(7);
        const [a, b] = await Promise.all([one.wrap(secret, secret), two.wrap(secret, secret)]);
        same(await one.unwrap(b, secret), secret, 'one opens what two wrapped');
        same(await two.unwrap(a, secret), secret, 'two opens what one wrapped');
        const kept = await new Promise<unknown>((resolve) => {
          indexedDB.open(name).onsuccess = (event) => {
            const db = (event.target as IDBOpenDBRequest).result;
            db.transaction('device-key').objectStore('device-key').get('device').onsuccess = (found) => {
              resolve((found.target as IDBRequest).result);
              db.close();
            };
          };
        });
        holds(kept instanceof CryptoKey && !kept.extractable, 'the key is there and not extractable');
      },
    },
  ];
}
