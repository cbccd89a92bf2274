import {
  collection,
  type DeviceId,
  type ExchangeRequest,
  inherit,
  lastWriteWins,
  MEDIA_TYPE,
  type MutationId,
  manual,
  must,
  ref,
  type Snapshot,
  STAMP_ZERO,
  schema,
  type TransactionId,
  type UserId,
  uuidV7,
} from '@holdfast/core';
import { type InProcessServer, inProcessServer, settlePromises, type TestDevice, testDevice } from '@holdfast/testkit';
import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { memoryStorage } from '../platform/node/memory-storage.ts';
import { openStore } from '../store/open-store.ts';
import type { NewEntry } from './entry.ts';
import { noteFloor, readFloor } from './floor-store.ts';
import { allEntries, appendEntry, moveToEnd, removeEntry } from './outbox-store.ts';

const app = schema({
  version: 1,
  collections: {
    people: collection(
      { name: z.string().min(1), note: z.string().nullable() },
      { scopes: ['everyone'], conflict: manual() },
    ),
    visits: collection(
      { personId: ref('people'), minutes: z.int().max(90) },
      { scopes: [inherit('personId')], conflict: lastWriteWins() },
    ),
  },
});
type App = typeof app;

let server: InProcessServer;
let asked: ExchangeRequest[] = [];
const open = (user: string) => testDevice(app, server, { user, scopes: ['everyone'] });
const states = async ({ device }: TestDevice<App>) => (await device.outbox.list()).map(({ state }) => state.at);
let made = 0;
const newUuid = () => {
  made += 1;
  return uuidV7(made, new Uint8Array(10));
};
const entryOf = (record: string, user: UserId): NewEntry => ({
  id: newUuid() as MutationId,
  transaction: newUuid() as TransactionId,
  user,
  collection: 'people',
  record,
  schema: 1,
  previous: null,
  needs: [],
  afterReferring: [],
  resolves: [],
  content: { kind: 'create', set: [] },
  stamp: STAMP_ZERO,
  priority: 5,
  madeAt: 0,
});
const floor = () => asked.at(-1)?.ack.floor ?? null;
/** As if everybody had been seen just now. */
const compact = () => server.store.compact(0);

beforeEach(() => {
  const inner = inProcessServer(app);
  asked = [];
  server = {
    ...inner,
    handle(principal, body) {
      asked.push(JSON.parse(body) as ExchangeRequest);
      return inner.handle(principal, body);
    },
  };
});

/** Time goes, and whatever is due in it happens. */
async function pass(minutes: number) {
  const until = server.time.now() + minutes * 60_000;
  await settlePromises();
  while (server.time.next(until)) await settlePromises();
}

/** Others take the record away, and have read that themselves. */
async function removedBy(other: TestDevice<App>, id: string) {
  await other.sync();
  await other.device.write((tx) => tx.people.delete(id));
  for (let times = 0; times < 3; times += 1) await other.sync();
}

/** A device that has read the record and changed it, with a server that does not take the change yet. */
async function withHeldBack() {
  const [a, b] = [await open('a'), await open('b')];
  await b.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ida', note: null }));
  await b.sync();
  await a.sync();
  await a.device.write((tx) => tx.people.update('p1', { note: 'seen today' }));
  a.link.answer = () => ({ status: 422, type: MEDIA_TYPE, body: '{"error":{"code":"MalformedRequest","message":""}}' });
  await a.sync();
  a.link.answer = null;
  expect(await states(a)).toEqual(['waiting']);
  return { a, b };
}

test('[SV3] what a device has not sent yet still meets the record it was made upon, however much it has read since', async () => {
  const { a, b } = await withHeldBack();
  await removedBy(b, 'p1');
  await a.sync();
  await a.device.write((tx) => tx.people.create({ name: 'Eva', note: null }));
  for (let times = 0; times < 3; times += 1) await a.sync();
  expect(await states(a)).toEqual(['waiting']);
  expect((await compact()).records).toBe(0);
  await pass(10);
  for (let times = 0; times < 3; times += 1) await a.sync();
  expect(await states(a)).toEqual(['conflicted']);
  const [conflict] = await a.device.conflicts.list();
  expect(conflict).toMatchObject({ entries: [{ deletion: 'theirs', fields: ['note'] }] });
});

test('[SV3] a conflict waits for a person with what is needed to bring the record back', async () => {
  const { a, b } = await withHeldBack();
  await removedBy(b, 'p1');
  await pass(10);
  for (let times = 0; times < 3; times += 1) await a.sync();
  expect(await states(a)).toEqual(['conflicted']);
  await b.sync();
  expect((await compact()).records).toBe(0);
  const [entry] = await a.device.outbox.list();
  await a.device.conflicts.resolve(entry?.id ?? '', { [entry?.id ?? '']: { record: 'keep' } });
  for (let times = 0; times < 3; times += 1) await a.sync();
  expect(await a.device.query((db) => db.selectFrom('people').select(['id', 'name', 'note']))).toEqual([
    { id: 'p1', name: 'Ida', note: 'seen today' },
  ]);
});

test('[SV3] once everything is sent a device holds back no more than it has not read', async () => {
  const { a, b } = await withHeldBack();
  await pass(10);
  for (let times = 0; times < 3; times += 1) await a.sync();
  await removedBy(b, 'p1');
  expect((await compact()).records).toBe(0);
  for (let times = 0; times < 3; times += 1) {
    await pass(2);
    await a.sync();
    await b.sync();
  }
  expect((await compact()).records).toBe(1);
});

test('[SV3] an entry that is moved behind others takes along what it was made upon', async () => {
  const storage = await memoryStorage().openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) });
  const user = 'a' as UserId;
  await openStore(storage, app, user, () => newUuid() as DeviceId);
  await storage.write(async (tx) => {
    const append = (record: string) => appendEntry(tx, entryOf(record, user), []);
    const floorNow = () => readFloor(tx, 'e');
    await noteFloor(tx, '5:9:6' as Snapshot);
    await append('p1');
    await noteFloor(tx, '20:20:' as Snapshot);
    await append('p2');
    await noteFloor(tx, '30:30:' as Snapshot);
    await moveToEnd(tx, (await allEntries(tx)).slice(0, 1));
    await append('p3');
    expect((await allEntries(tx)).map(({ record }) => record)).toEqual(['p2', 'p1', 'p3']);
    for (const floor of ['5:5:', '5:5:', '30:30:']) {
      expect(await floorNow()).toBe(floor);
      await removeEntry(tx, must((await allEntries(tx))[0], 'an entry'));
    }
    await noteFloor(tx, '40:41:' as Snapshot);
    expect(await floorNow()).toBe('40:40:');
  });
  await storage.close();
});

test('[SV3, SY11] work from before a new history of the server stands before all of it', async () => {
  const { a } = await withHeldBack();
  await server.store.newEpoch();
  await a.sync();
  await a.sync();
  expect(await states(a)).toEqual(['waiting']);
  expect(floor()).toBe('1:1:');
  await pass(10);
  for (let times = 0; times < 3; times += 1) await a.sync();
  expect(await states(a)).toEqual([]);
  expect(floor()).not.toBe('1:1:');
});

test('[SV3] a device that has just read for the first time is waited for, though it has not come back yet', async () => {
  const [a, b] = [await open('a'), await open('b')];
  await b.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ida', note: null }));
  await b.sync();
  const c = await open('c');
  expect(c.device.status.get().ready).toBe(true);
  c.link.up = false;
  await c.device.write((tx) => tx.people.update('p1', { note: 'written far away' }));
  await removedBy(b, 'p1');
  for (let times = 0; times < 3; times += 1) {
    await pass(2);
    await a.sync();
    await b.sync();
  }
  expect((await compact()).records).toBe(0);
  c.link.up = true;
  await c.sync();
  await c.sync();
  expect(await states(c)).toEqual(['conflicted']);
});
