import {
  collection,
  type ExchangeRequest,
  type ExchangeResponse,
  inherit,
  lastWriteWins,
  ref,
  schema,
} from '@holdfast/core';
import { type InProcessServer, inProcessServer, settlePromises, type TestDevice, testDevice } from '@holdfast/testkit';
import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod';

const app = schema({
  version: 1,
  collections: {
    visits: collection(
      { personId: ref('people'), note: z.string() },
      { scopes: [inherit('personId')], conflict: lastWriteWins(), priority: 7 },
    ),
    people: collection(
      { name: z.string(), note: z.string() },
      { scopes: ['all'], conflict: lastWriteWins(), priority: 1 },
    ),
  },
});
type App = typeof app;

const LONG = 'x'.repeat(1_000);
const PEOPLE = 400;
const VISITS = 800;
const PAGE_BYTES = 100_000;

let server: InProcessServer;
/** Answers that may still come through; then the link is gone. */
let left: number;
let answers: ExchangeResponse[];
/** The server without any of this. */
let inner: InProcessServer;

const open = (disk?: TestDevice<App>['disk']) =>
  testDevice(app, server, { user: 'a', scopes: ['all'], ...(disk && { disk }) });
const count = async ({ device: { query } }: TestDevice<App>) => {
  const all = async (name: 'people' | 'visits') => (await query((db) => db.selectFrom(name).select('id'))).length;
  return [await all('people'), await all('visits')];
};

beforeEach(async () => {
  inner = inProcessServer(app);
  [left, answers] = [Number.POSITIVE_INFINITY, []];
  server = {
    ...inner,
    async handle(principal, body) {
      if (left <= 0) return { status: 503, body: '' };
      left -= 1;
      const request = JSON.parse(body) as ExchangeRequest;
      const want = { ...request.want, maxBytes: PAGE_BYTES };
      const answer = await inner.handle(principal, JSON.stringify({ ...request, want }));
      answers.push(JSON.parse(answer.body) as ExchangeResponse);
      return answer;
    },
  };
  const people = Array.from({ length: PEOPLE }, (_, n) => ({ id: `p${n}`, values: { name: `p${n}`, note: LONG } }));
  const visits = Array.from({ length: VISITS }, (_, n) => ({
    id: `v${n}`,
    values: { personId: `p${n % PEOPLE}`, note: LONG },
  }));
  await server.store.importRows('people', people);
  await server.store.importRows('visits', visits);
});

/** The answer with which all people are there, counted from one. */
async function pagesUntilPeople(): Promise<number> {
  const probe = await open();
  const page = answers.findIndex(({ whole }) => whole.includes('people')) + 1;
  expect(page).toBeGreaterThan(1);
  expect(page).toBeLessThan(answers.length - 1);
  await probe.device.close();
  answers = [];
  return page;
}

test('[SY9] what has the higher priority is shown, whole, while the rest still comes; progress tells records and bytes', async () => {
  const page = await pagesUntilPeople();
  left = page - 1;
  const a = await open();
  expect([await count(a), a.device.status.get().early]).toEqual([[0, 0], []]);
  left = 1;
  await a.sync();
  expect(await count(a)).toEqual([PEOPLE, 0]);
  const { early, ready, progress } = a.device.status.get();
  expect([early, ready]).toEqual([['people'], false]);
  expect(progress?.records).toBeGreaterThanOrEqual(PEOPLE);
  expect(progress?.bytes).toBeGreaterThan(PEOPLE * LONG.length);
  expect(await a.device.verify()).toEqual([]);
  left = Number.POSITIVE_INFINITY;
  await a.sync();
  expect(await count(a)).toEqual([PEOPLE, VISITS]);
  expect(a.device.status.get()).toMatchObject({ early: [], ready: true, progress: null });
  expect(await a.device.verify()).toEqual([]);
});

test('[SY9] a first sync that is killed after any page goes on from there, with what it showed', async () => {
  const page = await pagesUntilPeople();
  const probe = await open();
  const pages = answers.length;
  await probe.device.close();
  answers = [];
  left = 0;
  let a = await open();
  for (let n = 1; n < pages; n += 1) {
    left = 1;
    await a.sync();
    expect((await count(a))[0]).toBe(n >= page ? PEOPLE : 0);
    left = 0;
    a = await a.reopen();
  }
  left = Number.POSITIVE_INFINITY;
  await a.sync();
  expect(await count(a)).toEqual([PEOPLE, VISITS]);
  // Each page was asked for once.
  expect(answers.length).toBeLessThanOrEqual(pages + 1);
  expect(await a.device.verify()).toEqual([]);
});

test('[SY9, SY8] what changes in a shown collection meanwhile is seen at the checkpoint, and what is removed goes', async () => {
  const page = await pagesUntilPeople();
  left = page;
  const a = await open();
  await server.store.importRows('people', [{ id: 'p1', values: { name: 'New', note: LONG } }]);
  const other = await testDevice(app, inner, { user: 'b', scopes: ['all'] });
  await other.device.write((tx) => tx.people.delete('p2'));
  await other.sync();
  left = 1;
  await a.sync();
  expect(await count(a)).toEqual([PEOPLE, 0]);
  left = Number.POSITIVE_INFINITY;
  await a.sync();
  expect((await count(a))[0]).toBe(PEOPLE - 1);
  const [p1] = await a.device.query((db) => db.selectFrom('people').select('name').where('id', '=', 'p1'));
  expect(p1).toEqual({ name: 'New' });
  expect(await a.device.verify()).toEqual([]);
});

test('[SY9, SY5] work upon what is shown early is kept, sent, and seen all the time', async () => {
  const page = await pagesUntilPeople();
  left = 0;
  const a = await open();
  await a.device.write((tx) => tx.people.create({ id: 'p0', name: 'mine before', note: '' }));
  left = page;
  await a.sync();
  const name = async (id: string) =>
    (await a.device.query((db) => db.selectFrom('people').select('name').where('id', '=', id)))[0]?.name;
  expect([(await count(a))[0], await name('p0')]).toEqual([PEOPLE, 'mine before']);
  left = 0;
  await a.device.write((tx) => tx.people.update('p3', { name: 'mine' }));
  expect(await a.device.verify()).toEqual([]);
  for (let n = 0; n < 4; n += 1) {
    left = 1;
    await a.sync();
    expect(await name('p3')).toBe('mine');
  }
  left = Number.POSITIVE_INFINITY;
  await a.sync();
  await a.sync();
  expect([await count(a), await name('p3')]).toEqual([[PEOPLE, VISITS], 'mine']);
  expect((await a.device.outbox.list()).map(({ record, state }) => [record, state.at])).toEqual([['p0', 'refused']]);
  expect(await name('p0')).toBe('p0');
  expect(await a.device.verify()).toEqual([]);
});

test('[SY9, SY11] of a first sync that begins anew nothing stays that the server does not have any more', async () => {
  const page = await pagesUntilPeople();
  left = page;
  const a = await open();
  expect((await count(a))[0]).toBe(PEOPLE);
  await server.store.newEpoch();
  left = 1;
  await a.sync();
  expect(await count(a)).toEqual([PEOPLE, 0]);
  left = Number.POSITIVE_INFINITY;
  await a.sync();
  expect(await count(a)).toEqual([PEOPLE, VISITS]);
  expect(await a.device.verify()).toEqual([]);
});

test('[SY9] once everything was there, a read from nothing shows what was there until it ends', async () => {
  const a = await open();
  expect(await count(a)).toEqual([PEOPLE, VISITS]);
  await server.store.newEpoch();
  left = 10;
  await a.sync();
  expect(a.device.status.get()).toMatchObject({ early: [], ready: false });
  expect(await count(a)).toEqual([PEOPLE, VISITS]);
  await settlePromises();
});

test('[SY9, SY8] a record with unsent work changes only at the checkpoint, also where its collection is shown anew', async () => {
  const page = await pagesUntilPeople();
  left = page;
  const a = await open();
  left = 0;
  await a.device.write((tx) => tx.people.update('p3', { name: 'mine' }));
  await server.store.importRows('people', [{ id: 'p3', values: { name: 'p3', note: 'theirs' } }]);
  await server.store.newEpoch();
  const p3 = async () =>
    (await a.device.query((db) => db.selectFrom('people').select(['name', 'note']).where('id', '=', 'p3')))[0];
  for (let n = 0; n < page + 1; n += 1) {
    left = 1;
    await a.sync();
    expect([await p3(), await a.device.verify()]).toEqual([{ name: 'mine', note: LONG }, []]);
  }
  expect(a.device.status.get()).toMatchObject({ early: ['people'], ready: false });
  left = Number.POSITIVE_INFINITY;
  await a.sync();
  await a.sync();
  expect([await p3(), await a.device.verify()]).toEqual([{ name: 'mine', note: 'theirs' }, []]);
});
