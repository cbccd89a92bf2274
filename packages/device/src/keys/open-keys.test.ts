import { describe, expect, test } from 'vitest';
import { memoryStorage } from '../platform/node/memory-storage.ts';
import { webRandom } from '../platform/web-random.ts';
import type { Locks, Unlock } from '../ports/platform.ts';
import { openWith, sealWith } from './aes-gcm.ts';
import { openKeys } from './open-keys.ts';

const locks: Locks = { exclusive: (_name, work) => work() };

async function unlockWith(byte: number): Promise<Unlock> {
  const raw = new Uint8Array(32).fill(byte);
  const kek = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
  return {
    type: 'device',
    wrap: (key, context) => sealWith(kek, key, context),
    unwrap: (wrapped, context) => openWith(kek, wrapped, context),
  };
}

async function madeStore() {
  const folder = memoryStorage();
  const parts = { folder, unlock: await unlockWith(1), user: 'ada', random: webRandom(), locks };
  const keys = await openKeys(parts);
  return { folder, parts, keys, slots: String(await folder.readSlots()) };
}

describe('openKeys', () => {
  test('[ST2] makes the keys once and finds the same ones again', async () => {
    const { parts, keys, slots, folder } = await madeStore();
    expect(keys.page.key).toHaveLength(32);
    expect(keys.page.salt).toHaveLength(16);
    expect(await openKeys(parts)).toEqual(keys);
    expect(await folder.readSlots()).toBe(slots);
  });

  test('[ST2] every store has keys of its own, and none of them stands in the slots', async () => {
    const [one, two] = [await madeStore(), await madeStore()];
    expect(one.keys.page.key).not.toEqual(two.keys.page.key);
    expect(one.keys.store).not.toBe(two.keys.store);
    const slots = Buffer.from(JSON.parse(one.slots).slots[0].wrapped, 'base64');
    expect(slots.includes(Buffer.from(one.keys.page.key))).toBe(false);
    expect(slots.includes(Buffer.from(one.keys.page.salt))).toBe(false);
  });

  test('[ST2] another secret is WrongKey and changes nothing', async () => {
    const { parts, slots, folder } = await madeStore();
    const stranger = openKeys({ ...parts, unlock: await unlockWith(2) });
    await expect(stranger).rejects.toMatchObject({ code: 'WrongKey' });
    expect(await folder.readSlots()).toBe(slots);
  });

  test('[ST6] another user is WrongKey, even with the secret', async () => {
    const { parts } = await madeStore();
    await expect(openKeys({ ...parts, user: 'bob' })).rejects.toMatchObject({ code: 'WrongKey' });
  });

  type Draft = { v: unknown; store: unknown; slots: Record<string, unknown>[] };
  test.each<[string, (file: Draft) => void]>([
    ['store id', (file) => Object.assign(file, { store: '01900000-0000-7000-8000-000000000000' })],
    ['slot version', (file) => Object.assign(file.slots[0] ?? {}, { v: 2 })],
    ['slot type', (file) => Object.assign(file.slots[0] ?? {}, { type: 'pin' })],
    ['parameters', (file) => Object.assign(file.slots[0] ?? {}, { params: { rounds: 1 } })],
    ['wrapped key', (file) => Object.assign(file.slots[0] ?? {}, { wrapped: 'AAAA' })],
    ['shape', (file) => Object.assign(file, { slots: [] })],
    ['surplus', (file) => Object.assign(file, { hint: 'mine' })],
    ['version', (file) => Object.assign(file, { v: 0 })],
  ])('[ST2] altered slots (%s) are WrongKey and stay as they are', async (_what, alter) => {
    const { parts, slots, folder } = await madeStore();
    const file: Draft = JSON.parse(slots);
    alter(file);
    await folder.writeSlots(JSON.stringify(file));
    await expect(openKeys(parts)).rejects.toMatchObject({ code: 'WrongKey' });
    expect(await folder.readSlots()).toBe(JSON.stringify(file));
  });

  test('[ST2] slots that are no JSON are WrongKey; those of a later version are StoreNewer', async () => {
    const { parts, folder } = await madeStore();
    await folder.writeSlots('{"v":1,');
    await expect(openKeys(parts)).rejects.toMatchObject({ code: 'WrongKey' });
    await folder.writeSlots('{"v":2,"anything":true}');
    await expect(openKeys(parts)).rejects.toMatchObject({ code: 'StoreNewer' });
  });
});
