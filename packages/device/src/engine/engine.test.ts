import {
  collection,
  InvalidWrite,
  inherit,
  lastWriteWins,
  manual,
  ref,
  type Scope,
  schema,
  type UserId,
} from '@holdfast/core';
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
      { scopes: [inherit('personId')] },
    ),
    doses: collection(
      { personId: ref('people'), dose: z.int(), unit: z.enum(['mg', 'ml']), route: z.string() },
      { scopes: [inherit('personId')], conflict: manual(), groups: [['dose', 'unit']] },
    ),
  },
});
type App = typeof app;

let server: InProcessServer;
const open = (user: string, scopes: readonly string[] = ['mentor:1']) => testDevice(app, server, { user, scopes });
const people = ({ device }: TestDevice<App>) =>
  device.query((db) => db.selectFrom('people').selectAll().orderBy('name'));
const states = async ({ device }: TestDevice<App>) => (await device.outbox.list()).map(({ state }) => state.at);

beforeEach(() => {
  server = inProcessServer(app);
});

test('[WR2] a write that does not fit names every bad field and stores nothing', async () => {
  const a = await open('a');
  const write = a.device.write((tx) => {
    tx.people.create({ name: '', mentor: '1' });
    tx.visits.create({ personId: '../x', minutes: -1, done: true });
  });
  const error = await write.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InvalidWrite);
  expect((error as InvalidWrite).issues.map(({ collection: name, path }) => [name, ...path].join('.')).sort()).toEqual([
    'people.name',
    'visits.minutes',
    'visits.personId',
  ]);
  expect([await people(a), await a.device.outbox.list()]).toEqual([[], []]);
});

test('[NW6] a transaction has the id of its first mutation and no other does, so that it costs next to nothing to send', async () => {
  const a = await open('a');
  const one = await a.device.write((tx) => tx.people.create({ name: 'Ada', phone: null, mentor: '1' }));
  expect(one.mutations).toEqual([one.transaction]);
  const both = await a.device.write((tx) => {
    tx.people.create({ name: 'Eva', phone: null, mentor: '1' });
    tx.people.create({ name: 'Ida', phone: null, mentor: '1' });
  });
  expect(both.mutations[0]).toBe(both.transaction);
  expect(new Set([...one.mutations, ...both.mutations]).size).toBe(3);
});

test('[WR2] changing what is not here, or creating what is, fails and stores nothing', async () => {
  const a = await open('a');
  await expect(a.device.write((tx) => tx.people.update('nobody', { name: 'X' }))).rejects.toThrow(/people\.id/);
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  await expect(a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Bo', mentor: '1' }))).rejects.toThrow(
    /not used/,
  );
  expect((await people(a)).map(({ name }) => name)).toEqual(['Ada']);
});

test('[WR3] a live query has the change before the write resolves', async () => {
  const a = await open('a');
  const seen: number[] = [];
  a.device.live(
    (db) => db.selectFrom('people').selectAll(),
    (rows) => seen.push(rows.length),
  );
  await a.device.write((tx) => tx.people.create({ name: 'Ada', mentor: '1' }));
  expect(seen.at(-1)).toBe(1);
});

test('[ST12] a commit that touches none of its tables does not wake a live query', async () => {
  const a = await open('a');
  let runs = 0;
  a.device.live(
    (db) => db.selectFrom('people').select((e) => e.fn.countAll().as('n')),
    () => {
      runs += 1;
    },
  );
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  const before = runs;
  expect(before).toBeGreaterThan(0);
  await a.device.write((tx) => tx.visits.create({ personId: 'p1', minutes: 5, done: false }));
  expect(runs).toBe(before);
});

test('[WR5] writing what is already there makes no mutation, unless it is confirmed', async () => {
  const a = await open('a');
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1', tags: ['x'] }));
  const same = await a.device.write((tx) => tx.people.update('p1', { name: 'Ada', tags: ['x'] }));
  expect(same).toEqual({ transaction: null, mutations: [] });
  const confirmed = await a.device.write((tx) => tx.people.update('p1', { name: 'Ada' }, { confirm: true }));
  expect(confirmed.mutations).toHaveLength(1);
});

test('[WR6, SY3] a write needs no server, and goes by itself soon after', async () => {
  const a = await open('a');
  await a.device.write((tx) => tx.people.create({ name: 'Ada', mentor: '1' }));
  expect(await states(a)).toEqual(['pending']);
  const before = a.link.requests;
  while (a.link.requests === before) {
    expect(server.time.next(server.time.now() + 1_000)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await states(a)).toEqual([]);
});

test('[WR1, OB8] a kill leaves all of a write or nothing, and what was being sent goes again under its id', async () => {
  let a = await open('a');
  await a.sync();
  a.link.loseAnswers = 1;
  await a.device.write((tx) => {
    const person = tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' });
    tx.visits.create({ id: 'v1', personId: person.id, minutes: 5, done: true });
  });
  void a.device.sync();
  a = await a.reopen();
  await a.sync();
  expect(await states(a)).toEqual([]);
  expect(await server.store.counts()).toMatchObject({ people: 1, visits: 1 });
  expect((await people(a)).map(({ id }) => id)).toEqual(['p1']);
});

test('[SY15] a receipt alone changes nothing: the entry stays applied until its effect is pulled', async () => {
  const a = await open('a');
  const shown: (string | undefined)[] = [];
  a.device.live(
    (db) => db.selectFrom('people').selectAll(),
    (rows) => shown.push(rows[0]?.name),
  );
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  await a.sync();
  await a.device.write((tx) => tx.people.update('p1', { name: 'Ada L.' }));
  await a.sync();
  await a.sync();
  // Nobody sees their own write flicker.
  expect(shown.filter((name) => name !== undefined)).toEqual(['Ada', 'Ada L.']);
});

test('[SY10] a device that has a record gets only the fields that changed', async () => {
  const [a, b] = [await open('a'), await open('b')];
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1', phone: '1' }));
  await a.sync();
  await b.sync();
  let body = '';
  const handle = server.handle;
  server.handle = async (principal, text) => {
    const answer = await handle(principal, text);
    body = answer.body;
    return answer;
  };
  await a.device.write((tx) => tx.people.update('p1', { phone: '2' }));
  await a.sync();
  await b.sync();
  expect(JSON.parse(body).pages[0].groups[0]).toMatchObject({ whole: false, records: [['p1', 2, { phone: '2' }]] });
  expect(await people(b)).toMatchObject([{ name: 'Ada', phone: '2' }]);
});

test('[SY1] a quiet exchange is one request', async () => {
  const a = await open('a');
  await a.sync();
  const before = a.link.requests;
  await a.sync();
  expect(a.link.requests - before).toBe(1);
});

test('[CF2, CF5] changes to different fields both survive; of one field the later wins, and the other is told', async () => {
  const [a, b] = [await open('a'), await open('b')];
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  await a.sync();
  await b.sync();
  await a.device.write((tx) => tx.people.update('p1', { name: 'Ada A', phone: '1' }));
  server.time.next(server.time.now() + 20);
  await b.device.write((tx) => tx.people.update('p1', { name: 'Ada B' }));
  await b.sync();
  await a.sync();
  await b.sync();
  expect(await people(a)).toMatchObject([{ name: 'Ada B', phone: '1' }]);
  expect(await people(b)).toMatchObject([{ name: 'Ada B', phone: '1' }]);
  expect(await a.device.audit({ collection: 'people', record: 'p1' })).toMatchObject([
    { what: 'lost', detail: [{ mine: { name: 'Ada A' }, kept: { name: 'Ada B' } }] },
  ]);
});

test('[CF3, CF7] two doses that had not seen each other: neither is overwritten, a person decides', async () => {
  const [a, b] = [await open('a'), await open('b')];
  await a.device.write((tx) => {
    tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' });
    tx.doses.create({ id: 'd1', personId: 'p1', dose: 5, unit: 'mg', route: 'oral' });
  });
  await a.sync();
  await b.sync();
  await a.device.write((tx) => tx.doses.update('d1', { dose: 20 }));
  await b.device.write((tx) => tx.doses.update('d1', { unit: 'ml' }));
  await b.device.write((tx) => tx.people.update('p1', { phone: '7' }));
  await a.sync();
  await b.sync();
  const dose = () => b.device.query((db) => db.selectFrom('doses').selectAll());
  expect(await dose()).toMatchObject([{ dose: 20, unit: 'mg' }]);
  const [entry, ...rest] = await b.device.outbox.list();
  expect(rest).toEqual([]);
  expect(entry?.state).toMatchObject({
    at: 'conflicted',
    receipt: {
      sides: { base: { dose: 5, unit: 'mg' }, mine: { dose: 5, unit: 'ml' }, theirs: { dose: 20, unit: 'mg' } },
    },
  });
  expect(b.device.outbox.records.get().get('doses/d1')).toBe('needs-attention');
});

test('[SY6, OB5, WR4] a refused write is taken back with what needs it; independent work stays and goes home', async () => {
  const a = await open('a');
  await a.device.write((tx) => tx.people.create({ id: 'mine', name: 'Mine', mentor: '1' }));
  // Scope mentor:2 is not this user's: the server does not take it.
  await a.device.write((tx) => tx.people.create({ id: 'theirs', name: 'Theirs', mentor: '2' }));
  await a.device.write((tx) => tx.visits.create({ id: 'v1', personId: 'theirs', minutes: 5, done: true }));
  expect((await people(a)).map(({ id }) => id)).toEqual(['mine', 'theirs']);
  await a.sync();
  expect((await people(a)).map(({ id }) => id)).toEqual(['mine']);
  expect(await a.device.query((db) => db.selectFrom('visits').selectAll())).toEqual([]);
  const entries = await a.device.outbox.list();
  expect(entries.map(({ record, state }) => [record, state.at])).toEqual([
    ['theirs', 'refused'],
    ['v1', 'blocked'],
  ]);
  expect(a.device.status.get().outbox).toMatchObject({ refused: 1, blocked: 1, pending: 0 });
});

test('[SY6, OB7] a write upon something refused is kept and not shown, from the start', async () => {
  const a = await open('a');
  await a.device.write((tx) => tx.people.create({ id: 'theirs', name: 'Theirs', mentor: '2' }));
  await a.sync();
  await a.device.write((tx) => {
    tx.visits.create({ id: 'v1', personId: 'theirs', minutes: 5, done: true });
    tx.people.create({ id: 'other', name: 'Other', mentor: '1' });
  });
  expect([await people(a), await a.device.query((db) => db.selectFrom('visits').selectAll())]).toEqual([[], []]);
  expect(await states(a)).toEqual(['refused', 'blocked', 'blocked']);
  expect(a.device.outbox.records.get().get('visits/v1')).toBe('needs-attention');
  await a.sync();
  expect(await states(a)).toEqual(['refused', 'blocked', 'blocked']);
});

test('[SY12] a record that leaves the scope leaves the device; work on it is still delivered', async () => {
  const [a, boss] = [await open('a'), await open('boss', ['mentor:1', 'mentor:2'])];
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  await a.sync();
  await boss.sync();
  await boss.device.write((tx) => tx.people.update('p1', { mentor: '2' }));
  await boss.sync();
  a.link.up = false;
  await a.device.write((tx) => tx.people.update('p1', { phone: '1' }));
  a.link.up = true;
  await a.sync();
  expect(await people(a)).toEqual([]);
  expect((await a.device.outbox.list()).map(({ state }) => state)).toMatchObject([
    { at: 'refused', receipt: { reason: 'gone' } },
  ]);
});

test('[SY11, SV3] a device that the history does not reach any more reads everything again; its outbox goes home', async () => {
  const [a, b] = [await open('a'), await open('b')];
  await a.device.write((tx) => {
    for (const id of ['p1', 'p2', 'p3']) tx.people.create({ id, name: id, mentor: '1' });
  });
  await a.sync();
  await b.sync();
  a.link.up = false;
  await b.device.write((tx) => {
    tx.people.delete('p1');
    tx.people.delete('p2');
  });
  await b.sync();
  // As if nobody had been seen for long: what only said that the two are gone is forgotten.
  await server.store.compact(Number.MAX_SAFE_INTEGER);
  await a.device.write((tx) => tx.people.update('p1', { phone: '1' }));
  await a.device.write((tx) => tx.people.update('p3', { phone: '3' }));
  a.link.up = true;
  await a.sync();
  expect((await people(a)).map(({ id, phone }) => [id, phone])).toEqual([['p3', '3']]);
  expect((await a.device.outbox.list()).map(({ record, state }) => [record, state])).toMatchObject([
    ['p1', { at: 'refused', receipt: { reason: 'gone' } }],
  ]);
  expect(await a.device.verify()).toEqual([]);
  const asked = a.link.requests;
  await a.sync();
  expect(a.link.requests).toBe(asked + 1);
});

test('[NW1] a captive portal is no link, and deletes nothing', async () => {
  const a = await open('a');
  a.link.answer = () => ({ status: 200, type: 'text/html', body: '<html>Log in to the hotel</html>' });
  await a.device.write((tx) => tx.people.create({ name: 'Ada', mentor: '1' }));
  await a.sync();
  expect(a.device.status.get()).toMatchObject({ link: 'down', phase: { at: 'offline' }, outbox: { pending: 1 } });
  a.link.answer = null;
  await a.sync();
  expect(a.device.status.get()).toMatchObject({ link: 'up', outbox: { pending: 0 } });
});

test('[NW4, WR8] 401 keeps everything and asks for a token', async () => {
  const a = await open('a');
  const type = 'application/vnd.holdfast+json';
  a.link.answer = () => ({ status: 401, type, body: '{"error":{"code":"NotAuthenticated","message":"no"}}' });
  await a.device.write((tx) => tx.people.create({ name: 'Ada', mentor: '1' }));
  await a.sync();
  expect(a.device.status.get()).toMatchObject({ phase: { at: 'needs-auth' }, outbox: { pending: 1 } });
});

test('[NW5] a batch that is not taken is halved, so that only what is not taken waits', async () => {
  const a = await open('a');
  a.link.up = false;
  for (const id of ['p1', 'p2', 'p3', 'p4']) {
    await a.device.write((tx) => tx.people.create({ id, name: id, mentor: '1' }));
  }
  a.link.up = true;
  const handle = server.handle;
  server.handle = async (principal, text) =>
    text.includes('"record":"p3"')
      ? { status: 400, body: '{"error":{"code":"MalformedRequest","message":"p3"}}' }
      : handle(principal, text);
  for (let round = 0; round < 12; round += 1) await a.sync();
  expect((await a.device.outbox.list()).map(({ record, state }) => [record, state.at])).toEqual([['p3', 'waiting']]);
  expect(await server.store.counts()).toMatchObject({ people: 3 });
});

test('[OP1, OP2] status and badges follow an entry on its way', async () => {
  const a = await open('a');
  a.link.up = false;
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  expect(a.device.outbox.records.get().get('people/p1')).toBe('saved-here');
  expect(a.device.status.get()).toMatchObject({ outbox: { pending: 1 } });
  a.link.up = true;
  await a.sync();
  expect(a.device.outbox.records.get().get('people/p1')).toBeUndefined();
  expect(a.device.status.get()).toMatchObject({ link: 'up', ready: true, outbox: { pending: 0 } });
  expect(a.device.status.get().lastSync).not.toBeNull();
});

test('[SY9] a first sync of several pages shows nothing of a collection before it is whole, and goes on after a kill', async () => {
  const rows = Array.from({ length: 5_000 }, (_, number) => ({
    id: `p${number}`,
    values: { name: `P${number}`, phone: null, mentor: '1', tags: [] },
  }));
  await server.store.importRows('people', rows);
  let a = await testDevice(app, server, { user: 'a', scopes: ['mentor:1'], linkUp: false });
  a.link.up = true;
  const counts: number[] = [];
  const handle = server.handle;
  server.handle = async (principal, text) => {
    const shown = await people(a);
    counts.push(shown.length);
    // The first page arrives, the answer with the second does not.
    if (counts.length === 2) a.link.loseAnswers = 1;
    return handle(principal, text);
  };
  await a.sync();
  expect(a.device.status.get().ready).toBe(false);
  expect(a.device.status.get().progress?.records).toBeGreaterThan(0);
  a = await a.reopen();
  await a.sync();
  expect([counts.slice(0, 3), new Set(counts)]).toEqual([[0, 0, 0], new Set([0, 5_000])]);
  expect(await people(a)).toHaveLength(5_000);
});

test('[OB9] nothing goes with the token of somebody else, not even at the first contact; it waits', async () => {
  const a = await open('a');
  const other = { user: 'b' as UserId, role: null, scopes: ['mentor:1'] as unknown as readonly Scope[] };
  a.link.as = other;
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  await a.sync();
  expect([a.device.status.get().phase.at, await states(a)]).toEqual(['needs-auth', ['pending']]);
  expect(await server.store.counts()).toMatchObject({ people: 0 });
  a.link.as = null;
  await a.sync();
  await a.sync();
  expect([await states(a), (await people(a)).map(({ name }) => name)]).toEqual([[], ['Ada']]);
});
