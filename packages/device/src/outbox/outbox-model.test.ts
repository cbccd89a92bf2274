import {
  collection,
  type Epoch,
  type ExchangeRequest,
  type ExchangeResponse,
  InvalidWrite,
  must,
  type Position,
  type Receipt,
  ref,
  type Scope,
  type Snapshot,
  schema,
  type UserId,
} from '@holdfast/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { type Act, OutboxModel, type Outcome, type Row, type Told } from '../../test/outbox-model.ts';
import { createEngine } from '../engine/create-engine.ts';
import { createDevice } from '../facade/create-device.ts';
import { memoryStorage } from '../node.ts';
import type { Backend } from '../ports/backend.ts';
import type { Platform } from '../ports/platform.ts';

const everyone = { scopes: ['everyone'] } as const;
const app = schema({
  version: 1,
  collections: {
    people: collection({ a: z.int(), b: z.int() }, everyone),
    visits: collection({ a: z.int(), b: z.int(), personId: ref('people') }, everyone),
  },
});
const EPOCH = '0000000010000' as Epoch;
const scopes = ['everyone' as Scope];
const key = { key: new Uint8Array(32), salt: new Uint8Array(16) };
const NAMES = ['people/p1', 'people/p2', 'visits/v1', 'visits/v2'] as const;

/** What the server makes of a transaction that it could take. */
type Verdict = Outcome | 'held';
interface Fate {
  readonly verdicts: readonly Verdict[];
  readonly lost: 'there' | 'back' | null;
  /** What it did is not yet part of what can be read. */
  readonly late: boolean;
}

/** A server that decides as it is told to, by the rules of waiting (OB1), and notes what it has told. */
function scriptedServer() {
  const rows = new Map<string, Row>();
  const changed = new Map<string, { position: number; count: number }>();
  const answers = new Map<string, { outcome: Outcome; position: number }>();
  const acknowledged = new Set<string>();
  const log: { sent: readonly string[]; told: Told | null }[] = [];
  const fates: Fate[] = [];
  let position = 1;
  let verdicts: Verdict[] = [];

  const put = (record: string, row: Row | null) => {
    if (row === null) rows.delete(record);
    else rows.set(record, row);
    changed.set(record, { position, count: (changed.get(record)?.count ?? 0) + 1 });
  };
  const decide = (members: ExchangeRequest['mutations']): Verdict => {
    const own = new Set(members.map(({ id }) => id));
    const others = (ids: readonly string[]) => ids.filter((id) => !own.has(id as (typeof members)[number]['id']));
    if (members.some(({ after }) => others(after).some((id) => !answers.has(id)))) return 'held';
    if (members.some(({ needs }) => others(needs).some((id) => answers.get(id)?.outcome !== 'applied'))) return 'held';
    const there = (record: string) => rows.has(record);
    const fits = members.every((each) => {
      if (each.kind === 'create') return !there(`${each.collection}/${each.record}`);
      if (each.kind === 'update' || each.kind === 'delete') return there(`${each.collection}/${each.record}`);
      return false;
    });
    return fits ? (verdicts.shift() ?? 'applied') : 'refused';
  };
  const take = (mutations: ExchangeRequest['mutations']): string[] => {
    const held: string[] = [];
    for (const transaction of new Set(mutations.map((each) => each.transaction))) {
      const members = mutations.filter((each) => each.transaction === transaction);
      if (members.every(({ id }) => answers.has(id))) continue;
      const verdict = decide(members);
      if (verdict === 'held') held.push(...members.map(({ id }) => id));
      else {
        position += 1;
        for (const each of members) answers.set(each.id, { outcome: verdict, position });
        if (verdict === 'applied') members.forEach(write);
      }
    }
    return held;
  };
  const write = (each: ExchangeRequest['mutations'][number]) => {
    if (!('collection' in each)) return;
    const record = `${each.collection}/${each.record}`;
    const values = 'set' in each ? Object.assign({}, ...each.set.map((change) => change.values)) : {};
    put(record, each.kind === 'delete' ? null : { ...rows.get(record), ...values });
  };
  const groups = (since: number) =>
    [...changed].flatMap(([record, { position: at, count }]) => {
      if (at <= since) return [];
      const [name = '', id = ''] = record.split('/');
      const row = rows.get(record);
      const where = row === undefined ? { in: [], out: scopes, whole: false } : { in: scopes, out: [], whole: true };
      return [{ collection: name, epoch: EPOCH, ...where, aged: false, records: [[id, count, { ...row }]] as never }];
    });

  const exchange = async (request: ExchangeRequest): ReturnType<Backend['exchange']> => {
    const fate = fates.shift() ?? { verdicts: [], lost: null, late: false };
    verdicts = [...fate.verdicts];
    const sent = request.mutations.map(({ id }) => id);
    for (const id of request.ack.receipts) acknowledged.add(id);
    const held = fate.lost === 'there' ? [] : take(request.mutations);
    if (fate.lost !== null) {
      log.push({ sent, told: null });
      return { type: 'down', detail: 'lost' };
    }
    const since = request.cursor === null ? 0 : Number(request.cursor.snapshot.split(':')[0]) - 1;
    const late = fate.late && request.cursor !== null;
    const receipts = [...answers].filter(([id]) => !acknowledged.has(id));
    log.push({ sent, told: { receipts: new Map(receipts), read: late ? null : { position, rows: new Map(rows) } } });
    const upTo = late ? since : position;
    const response: ExchangeResponse = {
      protocol: request.protocol,
      nonce: request.nonce,
      epoch: EPOCH,
      now: 0,
      receipts: receipts.map(([id, answer]) => receiptOf(id, answer)),
      held: held as Receipt['id'][],
      pages: late ? [] : [{ groups: groups(since), stamp: null }],
      gone: [],
      whole: [],
      fetched: [],
      checksums: null,
      cursor: { snapshot: `${upTo + 1}:${upTo + 1}:` as Snapshot, scopes },
      catchUp: null,
      durable: null,
      horizon: null,
    };
    return { type: 'answered', response, bytes: 0 };
  };
  const others = (record: string, row: Row | null) => {
    position += 1;
    put(record, row);
  };
  return { exchange, others, rows, log, fates };
}

function receiptOf(id: string, { outcome, position }: { outcome: Outcome; position: number }): Receipt {
  const common = { id: id as Receipt['id'], position: String(position) as Position };
  return outcome === 'applied' ? { outcome, ...common } : { outcome, ...common, reason: 'invalid', detail: null };
}

function platform(): Platform {
  let made = 0;
  let now = 1_767_225_600_000;
  return {
    clock: {
      now: () => {
        now += 1;
        return now;
      },
      monotonic: () => 0,
    },
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

async function world() {
  const server = scriptedServer();
  const backend: Backend = {
    exchange: server.exchange,
    live: (_onNews, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve('never-open'), { once: true })),
  };
  const disk = memoryStorage();
  const own = platform();
  const model = new OutboxModel();
  const opened = async () => {
    const engine = await createEngine({
      schema: app,
      user: 'a' as UserId,
      storage: await disk.openDatabase(key),
      backend,
      platform: own,
      storeName: 'a',
    });
    const made = await createDevice(app, engine, () => 'unused');
    // It asks once by itself.
    await made.sync();
    return made;
  };
  let device = await opened();

  const write = async (acts: readonly Act[]) => {
    const writes = device.write((tx) => {
      for (const { kind, record, values } of acts) {
        const [name = '', id = ''] = record.split('/');
        const writer = name === 'people' ? tx.people : tx.visits;
        if (kind === 'delete') writer.delete(id);
        else if (kind === 'update') writer.update(id, values as never);
        else writer.create({ id, ...values } as never);
      }
    });
    const expected = model.write(acts);
    if (expected === null) {
      await expect(writes).rejects.toBeInstanceOf(InvalidWrite);
      return;
    }
    const { mutations } = await writes;
    if (expected.appended.length > 0) expect(mutations).toHaveLength(expected.appended.length);
    for (const [index, entry] of expected.appended.entries()) entry.id = must(mutations[index], 'an id');
  };
  const follow = () => {
    for (const { sent, told } of server.log.splice(0)) {
      expect([...sent].sort()).toEqual(
        model
          .due()
          .map(({ id }) => id)
          .sort(),
      );
      for (const entry of model.entries) if (sent.includes(entry.id)) entry.sent = true;
      if (told !== null) model.told(told);
    }
  };
  const sync = async (fate: Fate) => {
    server.fates.splice(0, server.fates.length, fate);
    await device.sync();
    follow();
  };
  const reopen = async () => {
    disk.crash();
    device = await opened();
    follow();
  };
  const check = async () => {
    const { notLive } = model.blocked();
    const list = (await device.outbox.list()).map(({ id, kind, collection: name, record, state }) => {
      const where = state.at === 'blocked' && state.reason === 'not-live' ? 'not live' : state.at;
      return [id, kind, `${name}/${record}`, /^(refused|accepted|not live)$/.test(where) ? where : 'open'];
    });
    const expected = model.entries.map((entry) => {
      const where = entry.aside ? 'refused' : entry.answer ? 'accepted' : notLive.has(entry) ? 'not live' : 'open';
      return [entry.id, entry.kind, entry.record, where];
    });
    expect(list).toEqual(expected);
    const people = await device.query((db) => db.selectFrom('people').selectAll());
    const visits = await device.query((db) => db.selectFrom('visits').selectAll());
    const rows = [
      ...people.map(({ id, ...row }) => [`people/${id}`, row] as const),
      ...visits.map(({ id, ...row }) => [`visits/${id}`, row] as const),
    ];
    expect(new Map(rows)).toEqual(model.visible());
    expect(await device.verify()).toEqual([]);
  };
  follow();
  return { server, model, write, sync, reopen, check, close: () => device.close() };
}

const record = fc.constantFrom(...NAMES);
const small = fc.nat(3);
type Given = typeof act extends fc.Arbitrary<infer T> ? T : never;
const act = fc.record({
  kind: fc.constantFrom('update', 'update', 'update', 'delete'),
  record,
  a: fc.option(small),
  b: fc.option(small),
  person: fc.option(fc.constantFrom('p1', 'p2'), { freq: 2 }),
});
const fate: fc.Arbitrary<Fate> = fc.record({
  verdicts: fc.array(fc.constantFrom<Verdict>('applied', 'applied', 'refused', 'held'), { maxLength: 4 }),
  lost: fc.constantFrom(null, null, null, 'there' as const, 'back' as const),
  late: fc.constantFrom(false, false, true),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('write' as const), acts: fc.array(act, { minLength: 1, maxLength: 2 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sync' as const), fate }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('others' as const), record, a: small, gone: fc.boolean() }) },
);

/** What is given of it; all of it where it is made. */
function valuesOf({ record: name, a, b, person }: Given, kind: Act['kind']): Row {
  if (kind === 'delete') return {};
  const given = { a, b, ...(name.startsWith('visits') ? { personId: person } : {}) };
  const missing = { a: 0, b: 0, personId: 'p1' };
  const fields = Object.keys(given) as (keyof typeof missing)[];
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = given[field] ?? (kind === 'create' ? missing[field] : null);
      return value === null ? [] : [[field, value]];
    }),
  );
}

test('[OB1, OB2, OB5, OB6, OB7, OB8, SY5, SY6, SY15, WR4, WR5, WR8] the outbox is what a plain model of it says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const { server, model, write, sync, reopen, check, close } = await world();
      const used = new Set<string>();
      for (const each of steps) {
        if (each.do === 'write') {
          const acts = each.acts.map((given): Act => {
            const known = used.has(given.record);
            const kind = known ? given.kind : given.kind === 'delete' ? 'update' : 'create';
            return { kind, record: given.record, values: valuesOf(given, kind) };
          });
          // One write makes a record once, and says of each only one thing.
          const once = acts.filter((one, index) => acts.findIndex(({ record: name }) => name === one.record) === index);
          for (const { kind, record: name } of once) if (kind === 'create') used.add(name);
          if (once.length > 0) await write(once);
        } else if (each.do === 'sync') await sync(each.fate);
        else if (each.do === 'reopen') await reopen();
        else {
          const before = server.rows.get(each.record);
          if (before !== undefined) server.others(each.record, each.gone ? null : { ...before, a: each.a });
        }
        await check();
      }
      // With a server that takes everything only what was refused stays, and what needs it or comes after that.
      for (let round = 0; round < 4; round += 1) await sync({ verdicts: [], lost: null, late: false });
      await check();
      const { notLive, held } = model.blocked();
      expect(model.entries.filter((entry) => !entry.aside && !notLive.has(entry) && !held.has(entry))).toEqual([]);
      await close();
    }),
    { numRuns: 200 },
  );
});
