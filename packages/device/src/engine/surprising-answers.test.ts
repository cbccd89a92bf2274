import {
  collection,
  type Epoch,
  type ExchangeRequest,
  type ExchangeResponse,
  inherit,
  type Json,
  type Mutation,
  type Position,
  ref,
  type Schema,
  type Scope,
  type Snapshot,
  schema,
  type UserId,
} from '@holdfast/core';
import { expect, test } from 'vitest';
import * as z from 'zod';
import type { Device } from '../device.ts';
import { createDevice } from '../facade/create-device.ts';
import { memoryStorage } from '../node.ts';
import type { Backend } from '../ports/backend.ts';
import type { Platform } from '../ports/platform.ts';
import { verify } from '../rebase/verify.ts';
import { createEngine } from './create-engine.ts';

const person = { name: z.string().min(1), phone: z.string().nullable(), mentor: z.string() };
const people = collection(person, { scopes: ['mentor:{mentor}'] });
const visits = collection({ personId: ref('people'), minutes: z.int() }, { scopes: [inherit('personId')] });
const first = schema({ version: 1, collections: { people } });
const withVisits = schema({ version: 2, collections: { people, visits } });
const withRisk = schema({
  version: 2,
  collections: { people: collection({ ...person, risk: z.string().nullable() }, { scopes: ['mentor:{mentor}'] }) },
});

const [EPOCH, NEXT_EPOCH] = ['0000000010000' as Epoch, '0000000020000' as Epoch];
const NOW = 1_767_225_600_000;
const key = { key: new Uint8Array(32), salt: new Uint8Array(16) };
const scopes = ['mentor:1' as Scope];
const cursor = (position: number) => ({ snapshot: `${position}:${position}:` as Snapshot, scopes });

const settle = async () => {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

function platform(): Platform {
  let made = 0;
  return {
    clock: { now: () => NOW, monotonic: () => 0 },
    random: {
      bytes(length) {
        made += 1;
        const bytes = new Uint8Array(length);
        new DataView(bytes.buffer).setUint32(length - 4, made);
        return bytes;
      },
      fraction: () => 0.5,
    },
    timers: { after: () => () => {} },
    locks: { exclusive: (_name, work) => work() },
    notices: { post() {}, listen: () => () => {} },
    nudges: { listen: () => () => {} },
  };
}

type Answer = (request: ExchangeRequest, asked: number) => Partial<ExchangeResponse>;

interface Opened<S extends Schema> {
  readonly device: Device<S>;
  readonly disk: ReturnType<typeof memoryStorage>;
  readonly asked: () => number;
}

/** A device whose server gives exactly these answers. */
async function open<S extends Schema>(
  app: S,
  answer: Answer,
  disk = memoryStorage(),
  more: Partial<Platform> = {},
): Promise<Opened<S>> {
  let asked = 0;
  const backend: Backend = {
    async exchange(request) {
      asked += 1;
      const quiet: ExchangeResponse = {
        protocol: 1,
        nonce: request.nonce,
        epoch: EPOCH,
        now: NOW,
        receipts: [],
        held: [],
        pages: [],
        gone: [],
        whole: [],
        fetched: [],
        checksums: null,
        cursor: null,
        catchUp: null,
        durable: null,
        horizon: null,
      };
      return { type: 'answered', response: { ...quiet, ...answer(request, asked) }, bytes: 100 };
    },
    live: (_onNews, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve('never-open'), { once: true })),
  };
  const storage = await disk.openDatabase(key);
  const parts = { schema: app, user: 'a' as UserId, storage, backend, storeName: 'a' };
  const engine = await createEngine({ ...parts, platform: { ...platform(), ...more } });
  let ids = 0;
  const device = await createDevice(app, engine, () => {
    ids += 1;
    return `x${ids}`;
  });
  await settle();
  return { device, disk, asked: () => asked };
}

const page = (name: string, records: [string, number, Record<string, Json>][], whole = true, epoch = EPOCH) => ({
  groups: [{ collection: name, epoch, in: scopes, out: [], whole, aged: false, records }],
  stamp: null,
});

test('[SY5, SY11, SY12] after a full read a record that is no longer there is not shown, with own entries or without', async () => {
  let restored = false;
  const { device, disk } = await open(first, () =>
    restored
      ? { epoch: NEXT_EPOCH, cursor: cursor(20) }
      : { pages: [page('people', [['p1', 1, { name: 'Ada', phone: '1', mentor: '1' }]])], cursor: cursor(10) },
  );
  device.pause();
  await device.write((tx) => tx.people.update('p1', { phone: '2' }));
  restored = true;
  device.resume();
  await settle();
  await device.sync();
  expect(await device.query((db) => db.selectFrom('people').selectAll())).toEqual([]);
  expect(await (await disk.openDatabase(key)).read((tx) => verify(tx, first))).toEqual([]);
  expect(await device.outbox.list()).toHaveLength(1);
});

test('[SY11] a server that was put back to an earlier day is read again from the start', async () => {
  let restored = false;
  const whole = (id: string) => page('people', [[id, 1, { name: id, phone: null, mentor: '1' }]]);
  const { device } = await open(first, () =>
    restored ? { pages: [whole('p1')], cursor: cursor(20) } : { pages: [whole('p1'), whole('p2')], cursor: cursor(90) },
  );
  restored = true;
  await device.sync();
  expect(await device.query((db) => db.selectFrom('people').select('id'))).toEqual([{ id: 'p1' }]);
});

test('[ST9] what a newer server sent before the app was updated is read again after it', async () => {
  const answer: Answer = (request) => ({
    pages:
      request.cursor === null
        ? [
            page('people', [['p1', 1, { name: 'Ada', phone: null, mentor: '1' }]]),
            page('visits', [['v1', 1, { personId: 'p1', minutes: 5 }]]),
          ]
        : [],
    cursor: cursor(10),
  });
  const before = await open(first, answer);
  await before.device.close();
  const { device } = await open(withVisits, answer, before.disk);
  await device.sync();
  expect(await device.query((db) => db.selectFrom('visits').select('id'))).toEqual([{ id: 'v1' }]);
});

test('[ST9] a tab of the older app that is still open changes nothing any more', async () => {
  const answer: Answer = (request) => ({
    pages:
      request.cursor === null
        ? [page('people', [['p1', 1, { name: 'Ada', phone: null, mentor: '1', risk: 'high' }]])]
        : [],
    cursor: cursor(10),
  });
  const older = await open(first, answer);
  const { device } = await open(withRisk, answer, older.disk);
  await device.sync();
  const write = older.device.write((tx) => tx.people.update('p1', { phone: '5' }));
  await expect(write).rejects.toMatchObject({ code: 'StoreNewer' });
  expect(await device.query((db) => db.selectFrom('people').select('risk'))).toEqual([{ risk: 'high' }]);
});

test('[NW2] an answer that never fits is not asked for again and again without a pause', async () => {
  const { device, asked } = await open(first, (_request, count) => ({
    pages: count > 300 ? [] : [page('people', [['p9', 3, { name: 'x' }]], false)],
    cursor: cursor(10),
  }));
  await device.sync();
  expect(asked()).toBeLessThan(20);
  expect(device.status.get().phase.at).toBe('waiting');
});

test('[NW2] nor is a read that has to begin again without end', async () => {
  const { device, asked } = await open(first, (_request, count) => (count > 300 ? { cursor: cursor(10) } : {}));
  await device.sync();
  expect(asked()).toBeLessThan(20);
});

test('[WR1, ST12] a live query whose reader throws does not stop the write, nor die of it', async () => {
  const { device } = await open(first, () => ({ cursor: cursor(10) }));
  let fail = false;
  const seen: number[] = [];
  device.live(
    (db) => db.selectFrom('people').selectAll(),
    (rows) => {
      if (fail) throw new Error('a fault of the app');
      seen.push(rows.length);
    },
    (error) => {
      throw error;
    },
  );
  await settle();
  fail = true;
  await device.write((tx) => tx.people.create({ name: 'Ada', mentor: '1' }));
  fail = false;
  await device.write((tx) => tx.people.create({ name: 'Ben', mentor: '1' }));
  expect(seen.at(-1)).toBe(2);
});

test('[SY3] a lock that cannot be had ends no process', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  const refuse: Platform['locks'] = {
    exclusive: async (name, work) => {
      if (name.endsWith(':live')) throw new Error('the disk is full');
      return work();
    },
  };
  await open(first, () => ({ cursor: cursor(10) }), memoryStorage(), { locks: refuse });
  await settle();
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test('[SY11] released entries are sent again under their ids in a new epoch, in their order, and show meanwhile', async () => {
  let epoch = EPOCH;
  const sent: (readonly [string, readonly string[]])[][] = [];
  const { device } = await open(first, (request, asked) => {
    sent.push(request.mutations.map(({ id, kind, after }) => [`${kind} ${id}`, after]));
    const receipts = request.mutations.map(({ id }) => ({
      outcome: 'applied' as const,
      id,
      position: '5' as Position,
    }));
    const known = epoch === EPOCH && request.mutations.length > 0;
    const pages = known ? [page('people', [['p1', 1, { name: 'Ada', phone: null, mentor: '1' }]])] : [];
    return { epoch, receipts, pages, cursor: cursor(10 + asked) };
  });
  const created = await device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  await device.sync();
  const changed = await device.write((tx) => tx.people.update('p1', { name: 'Bea' }));
  await device.sync();
  expect(await device.outbox.list()).toEqual([]);
  epoch = NEXT_EPOCH;
  sent.length = 0;
  await device.sync();
  await device.sync();
  expect(sent.flat().map(([what]) => what)).toEqual([
    `create ${created.mutations[0]}`,
    `update ${changed.mutations[0]}`,
  ]);
  expect(await device.outbox.list()).toEqual([]);
});

test('[SY11, WR8] of entries that had the same place none is lost in a new epoch', async () => {
  let epoch = EPOCH;
  const sent: string[][] = [];
  const { device, disk } = await open(first, (request, asked) => {
    sent.push(request.mutations.map(({ id }) => id));
    const receipts = request.mutations.map(({ id }) => ({
      outcome: 'applied' as const,
      id,
      position: '5' as Position,
    }));
    return { epoch, receipts: epoch === EPOCH ? receipts : [], cursor: cursor(10 + asked) };
  });
  const made: string[] = [];
  for (const id of ['p1', 'p2', 'p3']) {
    made.push(...(await device.write((tx) => tx.people.create({ id, name: id, mentor: '1' }))).mutations);
    await device.sync();
  }
  expect(await device.outbox.list()).toEqual([]);
  device.pause();
  made.push(...(await device.write((tx) => tx.people.create({ id: 'p4', name: 'p4', mentor: '1' }))).mutations);
  const storage = await disk.openDatabase(key);
  const place = (await storage.read((tx) => tx.all('SELECT seq FROM hf_outbox')))[0]?.seq;
  await storage.write((tx) =>
    tx.run(`UPDATE hf_sent SET seq = ${place}, content = json_set(content, '$.seq', ${place})`),
  );
  epoch = NEXT_EPOCH;
  sent.length = 0;
  device.resume();
  await settle();
  await device.sync();
  expect((await device.outbox.list()).map(({ id }) => id)).toEqual(made);
  expect(new Set(sent.flat())).toEqual(new Set(made));
});

test('[SY11, OB2] what came back in a new epoch is referred to as before: a delete comes after it', async () => {
  let epoch = EPOCH;
  const { device } = await open(withVisits, (request, asked) => {
    const receipts = request.mutations.map(({ id }) => ({
      outcome: 'applied' as const,
      id,
      position: '5' as Position,
    }));
    return { epoch, receipts: epoch === EPOCH ? receipts : [], cursor: cursor(10 + asked) };
  });
  await device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  const visit = await device.write((tx) => tx.visits.create({ id: 'v1', personId: 'p1', minutes: 5 }));
  await device.sync();
  await device.sync();
  expect(await device.outbox.list()).toEqual([]);
  epoch = NEXT_EPOCH;
  await device.sync();
  device.pause();
  const gone = await device.write((tx) => tx.people.delete('p1'));
  const exported = JSON.parse(await device.outbox.export()) as { entries: { id: string; afterReferring: string[] }[] };
  const deletion = exported.entries.find(({ id }) => id === gone.mutations[0]);
  expect(deletion?.afterReferring).toEqual(visit.mutations);
});

test('[SV1, WR8] the answer to another copy of the store answers nothing that this one never sent', async () => {
  let foreign: string | null = null;
  const sent: string[] = [];
  const { device } = await open(withVisits, (request, asked) => {
    for (const { id, kind } of request.mutations) sent.push(`${kind} ${id}`);
    const receipts = request.mutations.map(({ id }) => {
      return { outcome: 'refused' as const, reason: 'forbidden' as const, detail: null, id, position: '5' as Position };
    });
    const other = { outcome: 'applied' as const, id: foreign as never, position: '6' as Position };
    return { receipts: foreign === null ? receipts : [...receipts, other], cursor: cursor(10 + asked) };
  });
  await device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  await device.sync();
  const visit = await device.write((tx) => tx.visits.create({ id: 'v1', personId: 'p1', minutes: 5 }));
  foreign = visit.mutations[0] ?? null;
  await device.sync();
  await device.sync();
  expect(sent).not.toContain(`create ${foreign}`);
  expect((await device.outbox.list()).map(({ id, state }) => [id, state.at])).toContainEqual([foreign, 'blocked']);
});

test('[CF1, OB1] what is written above unanswered own work names all of it, and has the base of what it covers', async () => {
  let sent: readonly Mutation[] = [];
  const { device } = await open(first, (request, asked) => {
    sent = request.mutations;
    // Others go on changing the name; what is sent here gets no answer.
    const pages =
      asked === 1
        ? [page('people', [['p1', 1, { name: 'Ada', phone: null, mentor: '1' }]])]
        : [page('people', [['p1', asked, { name: `theirs ${asked}` }]], false)];
    return { pages, cursor: cursor(10 * asked) };
  });
  const ids: string[] = [];
  for (const name of ['one', 'two', 'three']) {
    ids.push(...(await device.write((tx) => tx.people.update('p1', { name }))).mutations);
    await device.sync();
  }
  await device.write((tx) => tx.people.delete('p1'));
  await device.sync();
  const base = `1@${EPOCH}`;
  expect(sent.map(({ kind, after }) => [kind, after])).toEqual([
    ['update', []],
    ['update', ids.slice(0, 1)],
    ['update', ids.slice(0, 2)],
    ['delete', ids],
  ]);
  expect(sent.flatMap((each) => (each.kind === 'update' ? each.set.map((change) => change.base) : []))).toEqual([
    base,
    base,
    base,
  ]);
  expect(sent.at(-1)).toMatchObject({ bases: [{ name: base }] });
});
