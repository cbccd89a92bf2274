import { collection, inherit, lastWriteWins, manual, ref, schema } from '@holdfast/core';
import { type InProcessServer, inProcessServer, type TestDevice, testDevice } from '@holdfast/testkit';
import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod';

const app = schema({
  version: 1,
  collections: {
    people: collection(
      {
        name: z.string().min(1),
        phone: z.string().nullable(),
        mentor: z.string(),
        tags: z.array(z.string()).default([]),
      },
      { scopes: ['mentor:{mentor}'], conflict: lastWriteWins() },
    ),
    visits: collection(
      { personId: ref('people'), minutes: z.int().min(0), done: z.boolean() },
      { scopes: [inherit('personId')], priority: 7 },
    ),
    doses: collection(
      { personId: ref('people'), dose: z.int().nullable(), unit: z.enum(['mg', 'ml']).nullable(), route: z.string() },
      { scopes: [inherit('personId')], conflict: manual(), groups: [['dose', 'unit']] },
    ),
  },
});
type App = typeof app;
let server: InProcessServer;
const open = (user: string, more: object = {}) => testDevice(app, server, { user, scopes: ['mentor:1'], ...more });
const people = ({ device }: TestDevice<App>) => device.query((db) => db.selectFrom('people').selectAll().orderBy('id'));
const states = async ({ device }: TestDevice<App>) => (await device.outbox.list()).map(({ state }) => state);
beforeEach(() => {
  server = inProcessServer(app);
});

/** Lets time pass, and what is due in it happen. */
const advance = async (ms: number) => {
  const until = server.time.now() + ms;
  for (let i = 0; i < 3000 && server.time.now() < until; i += 1) {
    if (!server.time.next(until)) break;
    await new Promise((r) => setImmediate(r));
  }
};

test('[CF5, CF10] a clock that was once years ahead is given up once the server has said the time', async () => {
  const TEN = 10 * 365 * 86_400_000;
  let a = await open('a', { clockOffsetMs: TEN, linkUp: false });
  const b = await open('b');
  await a.device.write((tx) => tx.people.create({ id: 'p0', name: 'X', mentor: '1' }));
  await b.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  await b.sync();
  a.link.up = true;
  await a.sync();
  await a.sync();
  a.disk.crash();
  await new Promise((r) => setImmediate(r));
  a = await open('a', { disk: a.disk });
  await a.sync();
  expect((await states(a)).length).toBe(0);
  a.link.up = false;
  await a.device.write((tx) => tx.people.update('p1', { name: 'old from a' }));
  await advance(3_600_000);
  await b.sync();
  await b.device.write((tx) => tx.people.update('p1', { name: 'new from b' }));
  await b.sync();
  await advance(600_000);
  a.link.up = true;
  await a.sync();
  await a.sync();
  await b.sync();
  expect((await people(b)).find((p) => p.id === 'p1')?.name).toBe('new from b');
});

test(`[WR5] clearing a field writes null, and shows it`, async () => {
  const a = await open('a');
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', phone: '123', mentor: '1' }));
  await a.sync();
  const r = await a.device.write((tx) => tx.people.update('p1', { phone: null }));
  expect(r.mutations).toHaveLength(1);
  expect((await people(a))[0]?.phone).toBe(null);
});

test(`[WR1] a write that is stored resolves, whatever the app's own listener does`, async () => {
  const a = await open('a', { linkUp: false });
  await a.sync();
  const stop = a.device.status.subscribe(() => {
    throw new Error('app bug');
  });
  const result = await a.device
    .write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }))
    .then(
      () => 'ok',
      (e) => String(e),
    );
  stop();
  expect([result, (await people(a)).length]).toEqual(['ok', 1]);
});

test(`[SY3] a listener that throws does not stop sync`, async () => {
  const a = await open('a');
  await a.sync();
  let once = true;
  a.device.status.subscribe(() => {
    if (once) {
      once = false;
      throw new Error('app bug');
    }
  });
  await a.device.sync().catch(() => undefined);
  const before = a.link.requests;
  await a.sync().catch(() => undefined);
  await a.sync().catch(() => undefined);
  expect(a.link.requests).toBeGreaterThan(before);
  expect(a.device.status.get().phase.at).toBe('idle');
});

test(`[OB2] a delete comes after what refers to its record, also when the write changed it first`, async () => {
  const a = await open('a');
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  await a.sync();
  a.link.up = false;
  await a.device.write((tx) => tx.visits.create({ id: 'v1', personId: 'p1', minutes: 5, done: true }));
  await a.device.write((tx) => {
    tx.people.update('p1', { name: 'Bye' });
    tx.people.delete('p1');
  });
  a.link.up = true;
  await a.sync();
  expect((await states(a)).map((s) => s.at)).toEqual([]);
});

test(`[SY6] what is written upon a record that others made first needs nothing of the refused create`, async () => {
  const a = await open('a');
  const b = await open('b');
  b.link.up = false;
  await b.device.write((tx) => tx.people.create({ id: 'clinic', name: 'B', mentor: '1' }));
  await a.device.write((tx) => tx.people.create({ id: 'clinic', name: 'A', mentor: '1' }));
  await a.sync();
  b.link.up = true;
  await b.sync();
  expect((await people(b))[0]?.name).toBe('A');
  await b.device.write((tx) => tx.people.update('clinic', { phone: '555' }));
  await b.sync();
  await b.sync();
  expect((await states(b)).map((s) => s.at)).toEqual(['refused']);
  expect((await people(b))[0]?.phone).toBe('555');
});

test(`[CF10] the server's time that one tab learned corrects the other's clock`, async () => {
  const DAY = 86_400_000;
  const one = await testDevice(app, server, { user: 'a', scopes: ['mentor:1'], clockOffsetMs: 3 * DAY, linkUp: false });
  const two = await testDevice(app, server, {
    user: 'a',
    scopes: ['mentor:1'],
    clockOffsetMs: 3 * DAY,
    disk: one.disk,
    linkUp: false,
  });
  one.link.up = true;
  await one.sync();
  await two.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  const st = await (await one.disk.openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) })).read((tx) =>
    tx.all('SELECT stamp FROM hf_outbox'),
  );
  const ms = Number.parseInt(String(st[0]?.stamp).slice(0, 12), 16);
  expect(ms - (1_767_225_600_000 + server.time.now())).toBeLessThan(60_000);
});

test(`[NW2] a person's request tries at once after a busy server`, async () => {
  const a = await open('a');
  await a.sync();
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  a.link.answer = () => ({
    status: 503,
    type: 'application/vnd.holdfast+json',
    body: JSON.stringify({ error: { code: 'Busy', message: 'x' } }),
  });
  await a.sync();
  a.link.answer = null;
  await a.sync();
  expect(await states(a)).toEqual([]);
});

test(`[OB2] a delete of a record that 1,100 own entries refer to is taken`, async () => {
  const a = await open('a', { linkUp: false });
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  for (let j = 0; j < 11; j += 1)
    await a.device.write((tx) => {
      for (let i = 0; i < 100; i += 1) tx.visits.create({ id: `v${j}-${i}`, personId: 'p1', minutes: 5, done: true });
    });
  await a.device.write((tx) => tx.people.delete('p1'));
  a.link.up = true;
  for (let i = 0; i < 5; i += 1) {
    await a.sync();
  }
  expect(await states(a)).toEqual([]);
}, 60_000);

test(`[OB1] a delete after 1,100 own edits of its record is taken`, async () => {
  const a = await open('a', { linkUp: false });
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  for (let j = 0; j < 1100; j += 1) await a.device.write((tx) => tx.people.update('p1', { name: `n${j}` }));
  await a.device.write((tx) => tx.people.delete('p1'));
  a.link.up = true;
  for (let i = 0; i < 8; i += 1) {
    await a.sync();
  }
  expect(await states(a)).toEqual([]);
}, 60_000);

test(`[WR2] a child written before the parent it takes its scopes from is told so at the write`, async () => {
  const a = await open('a');
  await expect(
    a.device.write((tx) => {
      tx.visits.create({ id: 'v1', personId: 'p1', minutes: 5, done: true });
      tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' });
    }),
  ).rejects.toThrow(/visits/);
});

test(`[CF7] a conflict shows as base what was there before the first own edit, also where that was nothing`, async () => {
  const a = await open('a');
  const b = await open('b');
  await a.device.write((tx) => {
    tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' });
    tx.doses.create({ id: 'd1', personId: 'p1', dose: null, unit: null, route: 'x' });
  });
  await a.sync();
  await b.sync();
  b.link.up = false;
  await b.device.write((tx) => tx.doses.update('d1', { dose: 1, unit: 'mg' }));
  await b.device.write((tx) => tx.doses.update('d1', { dose: 2 }));
  await a.device.write((tx) => tx.doses.update('d1', { dose: 9, unit: 'ml' }));
  await a.sync();
  b.link.up = true;
  await b.sync();
  const last = (await states(b)).at(-1);
  expect(last).toMatchObject({ at: 'conflicted', receipt: { sides: { base: { dose: null, unit: null } } } });
});

test(`[OB2, WR5] a reference that a group carries along is waited for; one that does not change is not`, async () => {
  const linked = schema({
    version: 1,
    collections: {
      people: collection({ name: z.string() }, { scopes: ['everyone'] }),
      homes: collection({ name: z.string() }, { scopes: ['everyone'] }),
      visits: collection(
        { personId: ref('people'), homeId: ref('homes'), minutes: z.int(), note: z.string() },
        { scopes: ['everyone'], groups: [['personId', 'minutes']] },
      ),
    },
  });
  const all = { user: 'a', scopes: ['everyone'] };
  const own = inProcessServer(linked);
  const { device, link, sync } = await testDevice(linked, own, all);
  await device.write((tx) => tx.people.create({ id: 'p0', name: 'Ada' }));
  await device.write((tx) => tx.homes.create({ id: 'h0', name: 'here' }));
  await device.write((tx) => tx.visits.create({ id: 'v1', personId: 'p0', homeId: 'h1', minutes: 1, note: '' }));
  await sync();
  await sync();
  link.up = false;
  const person = await device.write((tx) => tx.people.create({ id: 'p1', name: 'Eva' }));
  await device.write((tx) => tx.homes.create({ id: 'h1', name: 'there' }));
  await device.write((tx) => {
    tx.visits.update('v1', { personId: 'p1' });
    tx.people.update('p0', { name: 'Bea' });
  });
  const carried = await device.write((tx) => tx.visits.update('v1', { minutes: 2, homeId: 'h1' }));
  const { entries } = JSON.parse(await device.outbox.export()) as { entries: { id: string; needs: string[] }[] };
  expect(entries.find(({ id }) => id === carried.mutations[0])?.needs).toEqual(person.mutations);
});
