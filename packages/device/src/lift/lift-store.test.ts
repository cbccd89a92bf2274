import {
  collection,
  dropCollection,
  type ExchangeRequest,
  inherit,
  lastWriteWins,
  manual,
  mapFields,
  ref,
  renameCollection,
  renameField,
  schema,
} from '@holdfast/core';
import { type InProcessServer, inProcessServer, settlePromises, type TestDevice, testDevice } from '@holdfast/testkit';
import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod';

const scoped = { scopes: ['all'], conflict: lastWriteWins() };
const older = schema({
  version: 1,
  collections: {
    people: collection({ name: z.string(), phone: z.string().nullable(), active: z.boolean() }, scoped),
    visits: collection({ personId: ref('people'), minutes: z.int() }, { scopes: [inherit('personId')] }),
    notes: collection({ text: z.string() }, { ...scoped, conflict: manual() }),
    doses: collection({ amount: z.int(), drug: z.string() }, { ...scoped, conflict: manual() }),
  },
});
const newer = schema({
  version: 2,
  collections: {
    people: collection(
      { name: z.string(), mobile: z.string().nullable(), active: z.boolean(), team: z.string().default('none') },
      { ...scoped, indexes: [['name']] },
    ),
    calls: collection({ personId: ref('people'), seconds: z.int() }, { scopes: [inherit('personId')] }),
    doses: collection({ milligrams: z.int(), drug: z.string() }, { ...scoped, conflict: manual() }),
  },
  steps: {
    2: [
      renameField('people', 'phone', 'mobile'),
      renameCollection('visits', 'calls'),
      mapFields('calls', { from: ['minutes'], to: ['seconds'] }, ({ minutes }) => ({ seconds: Number(minutes) * 60 })),
      dropCollection('notes'),
      renameField('doses', 'amount', 'milligrams'),
    ],
  },
});
type Older = typeof older;
type Newer = typeof newer;

const HOUR_MS = 3_600_000;
let first: InProcessServer;
let second: InProcessServer;
let asked: ExchangeRequest[];
let old: TestDevice<Older>;

/** The app of the next version upon the disk of the older one, with no link yet. */
async function upgrade(): Promise<TestDevice<Newer>> {
  old.disk.crash();
  await settlePromises();
  const spied: InProcessServer = {
    ...second,
    handle(principal, body) {
      asked.push(JSON.parse(body) as ExchangeRequest);
      return second.handle(principal, body);
    },
  };
  return testDevice(newer, spied, { user: 'a', scopes: ['all'], disk: old.disk, linkUp: false });
}
const people = ({ device }: TestDevice<Newer>) =>
  device.query((db) => db.selectFrom('people').selectAll().orderBy('id'));
const calls = ({ device }: TestDevice<Newer>) => device.query((db) => db.selectFrom('calls').selectAll().orderBy('id'));

beforeEach(async () => {
  [first, second, asked] = [inProcessServer(older), inProcessServer(newer), []];
  const person = (id: string) => ({ id, values: { name: id, active: true } });
  await first.store.importRows('people', [
    { id: 'p1', values: { ...person('p1').values, phone: '1' } },
    { id: 'p2', values: { ...person('p2').values, phone: null } },
  ]);
  await first.store.importRows('visits', [{ id: 'v1', values: { personId: 'p1', minutes: 5 } }]);
  await first.store.importRows('notes', [{ id: 'n1', values: { text: 'x' } }]);
  const now = { active: true, team: 'none' };
  await second.store.importRows('people', [
    { id: 'p1', values: { name: 'p1', mobile: '1', ...now } },
    { id: 'p2', values: { name: 'p2', mobile: null, ...now } },
  ]);
  await second.store.importRows('calls', [{ id: 'v1', values: { personId: 'p1', seconds: 300 } }]);
  old = await testDevice(older, first, { user: 'a', scopes: ['all'] });
  old.link.up = false;
  first.time.next(HOUR_MS);
});

test('[CF12, ST9] what is shown is lifted before anything is read again, clean or with unsent work', async () => {
  await old.device.write((tx) => tx.people.update('p1', { phone: 'mine' }));
  await old.device.write((tx) => tx.visits.create({ id: 'v2', personId: 'p1', minutes: 2 }));
  const a = await upgrade();
  expect(await people(a)).toEqual([
    { id: 'p1', name: 'p1', mobile: 'mine', active: true, team: 'none' },
    { id: 'p2', name: 'p2', mobile: null, active: true, team: 'none' },
  ]);
  expect(await calls(a)).toEqual([
    { id: 'v1', personId: 'p1', seconds: 300 },
    { id: 'v2', personId: 'p1', seconds: 120 },
  ]);
  expect(await a.device.verify()).toEqual([]);
  expect((await a.device.outbox.list()).map(({ collection: name, state }) => [name, state.at])).toEqual([
    ['people', 'pending'],
    ['calls', 'pending'],
  ]);
});

test('[CF12, SV1] what waits is sent as it was written, and its effect is what was shown', async () => {
  await old.device.write((tx) => tx.people.update('p1', { phone: 'mine' }));
  await old.device.write((tx) => tx.visits.create({ id: 'v2', personId: 'p1', minutes: 2 }));
  const a = await upgrade();
  await a.device.write((tx) => tx.people.update('p1', { mobile: 'later', name: 'Ada' }));
  a.link.up = true;
  for (let times = 0; times < 4; times += 1) await a.sync();
  const sent = asked.flatMap(({ mutations }) => mutations).slice(0, 3);
  expect(sent).toMatchObject([
    { schema: 1, collection: 'people', set: [{ values: { phone: 'mine' } }] },
    { schema: 1, collection: 'visits', set: [{ values: { minutes: 2 } }] },
    { schema: 2, collection: 'people', after: [sent[0]?.id] },
  ]);
  expect(await a.device.outbox.list()).toEqual([]);
  expect((await people(a))[0]).toMatchObject({ mobile: 'later', name: 'Ada' });
  expect((await calls(a)).map(({ seconds }) => seconds)).toEqual([300, 120]);
  expect(await a.device.verify()).toEqual([]);
  // Sent again in a new epoch, it is still what was written.
  await second.store.newEpoch();
  asked = [];
  for (let times = 0; times < 4; times += 1) await a.sync();
  expect(asked.flatMap(({ mutations }) => mutations)[0]).toMatchObject({
    schema: 1,
    set: [{ values: { phone: 'mine' } }],
  });
  expect([await a.device.outbox.list(), (await people(a))[0]?.mobile]).toEqual([[], 'later']);
});

test('[CF12, WR8] what cannot be lifted is not shown, and waits in the bay with its reason', async () => {
  await old.device.write((tx) => tx.notes.create({ id: 'n2', text: 'of last year' }));
  const a = await upgrade();
  expect((await a.device.outbox.list()).map(({ record }) => record)).toEqual(['n2']);
  a.link.up = true;
  for (let times = 0; times < 3; times += 1) await a.sync();
  const [entry] = await a.device.outbox.list();
  expect(entry?.state).toMatchObject({ at: 'refused', receipt: { reason: 'schema' } });
  expect(await a.device.verify()).toEqual([]);
});

test('[CF12, CF7] a conflict that waits for a person shows both sides in the fields of today', async () => {
  await first.store.importRows('doses', [{ id: 'd1', values: { amount: 5, drug: 'x' } }]);
  old.link.up = true;
  await old.sync();
  old.link.up = false;
  await old.device.write((tx) => tx.doses.update('d1', { amount: 7 }));
  const other = await testDevice(older, first, { user: 'b', scopes: ['all'] });
  await other.device.write((tx) => tx.doses.update('d1', { amount: 9 }));
  await other.sync();
  old.link.up = true;
  await old.sync();
  await old.sync();
  expect((await old.device.outbox.list()).map(({ state }) => state.at)).toEqual(['conflicted']);
  const a = await upgrade();
  const [conflict] = await a.device.conflicts.list();
  expect(conflict?.entries).toMatchObject([
    { collection: 'doses', fields: ['milligrams'], mine: { milligrams: 7 }, theirs: { milligrams: 9 } },
  ]);
  expect(await a.device.query((db) => db.selectFrom('doses').selectAll())).toEqual([
    { id: 'd1', milligrams: 9, drug: 'x' },
  ]);
});

test('[CF12, ST9] a kill in the middle of it leaves the older store, which opens again', async () => {
  await old.device.write((tx) => tx.people.update('p1', { phone: 'mine' }));
  old.disk.crash();
  const storage = await old.disk.openDatabase({ key: new Uint8Array(32), salt: new Uint8Array(16) });
  const before = await storage.read((tx) => tx.all('SELECT * FROM people ORDER BY id'));
  const { openStore } = await import('../store/open-store.ts');
  const failing = {
    ...storage,
    read: storage.read.bind(storage),
    write: (work: Parameters<typeof storage.write>[0]) =>
      storage.write((tx) =>
        work({
          ...tx,
          all: tx.all.bind(tx),
          runMany: tx.runMany.bind(tx),
          run: (sql, parameters) => {
            if (sql.startsWith('DROP TABLE')) throw new Error('killed');
            return tx.run(sql, parameters);
          },
        }),
      ),
  } as typeof storage;
  await expect(openStore(failing, newer, 'a' as never, () => 'x' as never)).rejects.toThrow('killed');
  expect(await storage.read((tx) => tx.all('SELECT * FROM people ORDER BY id'))).toEqual(before);
  await openStore(storage, newer, 'a' as never, () => 'x' as never);
  expect((await storage.read((tx) => tx.all('SELECT mobile FROM people ORDER BY id')))[0]).toEqual({ mobile: 'mine' });
});
