import { collection, type ExchangeRequest, inherit, lastWriteWins, ref, schema } from '@holdfast/core';
import { type InProcessServer, inProcessServer, settlePromises, type TestDevice, testDevice } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { HoldOption } from './hold.ts';

const app = schema({
  version: 1,
  collections: {
    people: collection(
      { name: z.string(), phone: z.string().nullable(), mentor: z.string() },
      { scopes: ['mentor:{mentor}'], conflict: lastWriteWins() },
    ),
    visits: collection({ personId: ref('people'), minutes: z.int() }, { scopes: [inherit('personId')] }),
  },
});
type App = typeof app;

const DAY_MS = 86_400_000;
const scopes = ['mentor:1', 'mentor:2'];
const WINDOW = { youngerThanMs: 30 * DAY_MS };

let server: InProcessServer;
let asked: ExchangeRequest[];
let reports: unknown[];
const open = (user: string, hold?: HoldOption, disk?: TestDevice<App>['disk']) => {
  const onFault = (error: unknown) => reports.push((error as { code?: string }).code ?? error);
  const options = { user, scopes, onFault, ...(hold && { hold }), ...(disk && { disk }) };
  return testDevice(app, server, options).then((made) => {
    opened.push(made);
    return made;
  });
};
const names = async ({ device }: TestDevice<App>) =>
  (await device.query((db) => db.selectFrom('people').select('name').orderBy('id'))).map(({ name }) => name);
const states = async ({ device }: TestDevice<App>) => (await device.outbox.list()).map(({ state }) => state.at);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error as { code?: string }).code,
  );
const person = (id: string, mentor: string) => ({ id, values: { name: id, phone: null, mentor } });

let opened: TestDevice<App>[];

/** Time goes while nobody asks for anything; then everybody does. */
async function pass(ms: number) {
  for (const { device } of opened) device.pause();
  const until = server.time.now() + ms;
  await settlePromises();
  while (server.time.next(until)) await settlePromises();
  for (const { device } of opened) device.resume();
  await settlePromises();
}

/** Nothing that was held back is taken for a difference. */
async function isSound(a: TestDevice<App>) {
  await a.sync();
  expect([await a.device.verify(), reports]).toEqual([[], []]);
}

beforeEach(async () => {
  const inner = inProcessServer(app);
  asked = [];
  reports = [];
  opened = [];
  server = {
    ...inner,
    handle(principal, body) {
      asked.push(JSON.parse(body) as ExchangeRequest);
      return inner.handle(principal, body);
    },
  };
  await server.store.importRows('people', [person('p1', '1'), person('p2', '2')]);
  await server.store.importRows('visits', [{ id: 'v1', values: { personId: 'p1', minutes: 5 } }]);
});

describe('scopes and collections', () => {
  test('[SY14] a device holds the scopes and collections that it wants, and can be given others', async () => {
    const a = await open('a', { scopes: ['mentor:2'], collections: ['people'] });
    expect(await names(a)).toEqual(['p2']);
    await pass(2 * DAY_MS);
    await isSound(a);
    a.disk.crash();
    const b = await open('a', { scopes: ['mentor:1', 'mentor:2'], collections: ['people'] }, a.disk);
    expect(await names(b)).toEqual(['p1', 'p2']);
    expect(await b.device.query((db) => db.selectFrom('visits').selectAll())).toEqual([]);
    b.disk.crash();
    const c = await open('a', undefined, b.disk);
    expect(await c.device.query((db) => db.selectFrom('visits').select('id'))).toEqual([{ id: 'v1' }]);
    await isSound(c);
  });

  test('[SY14, WR8] what was written of a collection that is not held is sent all the same', async () => {
    const a = await open('a', { collections: ['people'] });
    await a.device.write((tx) => tx.visits.create({ id: 'v2', personId: 'p1', minutes: 9 }));
    await a.sync();
    await a.sync();
    expect([await states(a), (await server.store.counts())['visits']]).toEqual([[], 2]);
    await isSound(a);
  });

  test('[SY14] a selection that cannot be is said at once', async () => {
    expect(await codeOf(open('a', { collections: ['nothing' as never] }))).toBe('InvalidHold');
    expect(await codeOf(open('a', { youngerThanMs: -1 }))).toBe('InvalidHold');
  });
});

describe('a window', () => {
  test('[SY14, SY16] what has become too old leaves the device, and is no difference', async () => {
    const a = await open('a', WINDOW);
    expect(await names(a)).toEqual(['p1', 'p2']);
    await pass(29 * DAY_MS);
    const b = await open('b');
    await b.device.write((tx) => tx.people.update('p2', { phone: '1' }));
    await b.sync();
    await pass(2 * DAY_MS);
    expect(await names(a)).toEqual(['p2']);
    expect(await a.device.query((db) => db.selectFrom('visits').selectAll())).toEqual([]);
    await isSound(a);
    const c = await open('c', WINDOW);
    expect(await names(c)).toEqual(['p2']);
    await isSound(c);
    await pass(2 * DAY_MS);
    await isSound(c);
  });

  test('[SY14] what changes is young again: it is fetched whole, not taken for a difference', async () => {
    const a = await open('a', WINDOW);
    await pass(31 * DAY_MS);
    expect(await names(a)).toEqual([]);
    const b = await open('b');
    await b.device.write((tx) => tx.people.update('p1', { phone: '12' }));
    await b.sync();
    await a.sync();
    expect(await a.device.query((db) => db.selectFrom('people').selectAll())).toEqual([
      { id: 'p1', name: 'p1', phone: '12', mentor: '1' },
    ]);
    expect(asked.filter(({ cursor, user }) => cursor === null && user === 'a')).toHaveLength(1);
    await isSound(a);
  });

  test('[SY14, WR8] unsent work keeps its record, whatever its age, also when everything is read again', async () => {
    const a = await open('a', WINDOW);
    const bad = await a.device.write((tx) => tx.people.create({ id: 'bad', name: 'x', phone: null, mentor: '9' }));
    await a.device.write((tx) => tx.people.update('p1', { phone: 'mine' }), { waitFor: bad.mutations });
    await a.sync();
    expect(await states(a)).toEqual(['refused', 'blocked']);
    await pass(31 * DAY_MS);
    expect(await names(a)).toEqual(['p1']);
    await isSound(a);
    await server.store.newEpoch();
    for (let times = 0; times < 3; times += 1) {
      await a.sync();
      expect(await names(a)).toContain('p1');
    }
    await isSound(a);
    const [refused] = await a.device.outbox.list();
    await a.device.outbox.edit(refused?.id ?? '', { [refused?.id ?? '']: { mentor: '1' } });
    for (let times = 0; times < 3; times += 1) await a.sync();
    expect(await states(a)).toEqual([]);
    // Sent, it is as old as it was written.
    expect(await names(a)).toEqual(['x']);
    expect(await a.device.fetch('people', 'p1')).toMatchObject({ phone: 'mine' });
    await isSound(a);
  });

  test('[SY14, OB2] what refers to a record that is not held is written and sent like any other', async () => {
    const a = await open('a', WINDOW);
    await pass(31 * DAY_MS);
    expect(await codeOf(a.device.write((tx) => tx.people.update('p1', { phone: 'x' })))).toBe('InvalidWrite');
    expect(
      await codeOf(a.device.write((tx) => tx.people.create({ id: 'p1', name: 'x', phone: null, mentor: '1' }))),
    ).toBe('InvalidWrite');
    await a.device.write((tx) => tx.visits.create({ id: 'v2', personId: 'p1', minutes: 9 }));
    await a.sync();
    await a.sync();
    expect([await states(a), (await server.store.counts())['visits']]).toEqual([[], 2]);
    expect(await a.device.query((db) => db.selectFrom('visits').select('id'))).toEqual([{ id: 'v2' }]);
    await isSound(a);
  });

  test('[SY14, SY16] a scope that is read again brings no old record back', async () => {
    const a = await open('a', WINDOW);
    await pass(31 * DAY_MS);
    const driver = await a.disk.openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) });
    await driver.write((tx) => tx.run(`UPDATE hf_record SET version = '9@0000000000000' WHERE id = 'p1'`));
    await pass(2 * DAY_MS);
    expect([reports, await names(a)]).toEqual([['Diverged'], []]);
    reports = [];
    await isSound(a);
  });
});

describe('fetching by id', () => {
  test('[SY14] what is here is given at once, without a link', async () => {
    const a = await open('a');
    a.link.up = false;
    expect(await a.device.fetch('people', 'p1')).toEqual({ id: 'p1', name: 'p1', phone: null, mentor: '1' });
  });

  test('[SY14] what was given up for its age is shown again, can be written to, and goes again later', async () => {
    const a = await open('a', WINDOW);
    await pass(31 * DAY_MS);
    expect(await a.device.fetch('people', 'p1')).toEqual({ id: 'p1', name: 'p1', phone: null, mentor: '1' });
    expect(await names(a)).toEqual(['p1']);
    await isSound(a);
    await pass(2 * DAY_MS);
    expect(await names(a)).toEqual([]);
    await a.device.fetch('people', 'p1');
    await a.device.write((tx) => tx.people.update('p1', { phone: '5' }));
    await a.sync();
    await pass(2 * DAY_MS);
    expect(await names(a)).toEqual(['p1']);
    await isSound(a);
  });

  test('[SY14] what the selection leaves out is read, and not kept', async () => {
    const a = await open('a', { collections: ['people'] });
    expect(await a.device.fetch('visits', 'v1')).toEqual({ id: 'v1', personId: 'p1', minutes: 5 });
    expect(await a.device.query((db) => db.selectFrom('visits').selectAll())).toEqual([]);
    await isSound(a);
  });

  test('[SY14, SV5] offline, not found and not allowed are told, the last two alike', async () => {
    await server.store.importRows('people', [person('p9', '9')]);
    const a = await open('a');
    expect(await codeOf(a.device.fetch('people', 'none'))).toBe('RecordNotFound');
    expect(await codeOf(a.device.fetch('people', 'p9'))).toBe('RecordNotFound');
    a.link.up = false;
    expect(await codeOf(a.device.fetch('people', 'p9'))).toBe('Offline');
    a.link.up = true;
    a.link.answer = () => ({ status: 401, type: 'application/vnd.holdfast+json', body: '{}' });
    expect(['NotAuthenticated', 'Offline']).toContain(await codeOf(a.device.fetch('people', 'p9')));
  });
});
