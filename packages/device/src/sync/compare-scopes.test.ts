import { collection, type ExchangeRequest, inherit, lastWriteWins, ref, schema } from '@holdfast/core';
import { type InProcessServer, inProcessServer, settlePromises, type TestDevice, testDevice } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { WriteTx } from '../ports/storage-driver.ts';

const app = schema({
  version: 1,
  collections: {
    people: collection(
      { name: z.string(), mentor: z.string() },
      { scopes: ['mentor:{mentor}', 'all'], conflict: lastWriteWins() },
    ),
    visits: collection({ personId: ref('people'), minutes: z.int() }, { scopes: [inherit('personId')] }),
  },
});
type App = typeof app;

const KEY = { key: new Uint8Array(32), salt: new Uint8Array(16) };
const HOUR_MS = 3_600_000;
const scopes = ['mentor:1', 'mentor:2'];

let server: InProcessServer;
let asked: ExchangeRequest[];
/** Codes of what was reported. */
let reports: unknown[];
const open = (user = 'a') => {
  const onFault = (error: unknown) => reports.push((error as { code?: string }).code ?? error);
  return testDevice(app, server, { user, scopes, onFault });
};
const names = async ({ device }: TestDevice<App>) =>
  (await device.query((db) => db.selectFrom('people').select('name').orderBy('id'))).map(({ name }) => name);
const bringsAll = () => asked.filter(({ cursor, catchUp }) => cursor === null && catchUp === null).length;

async function pass(ms: number) {
  const until = server.time.now() + ms;
  while (server.time.next(until)) await settlePromises();
}

/** What no code of ours should ever do to a store. */
async function damage({ disk }: TestDevice<App>, work: (tx: WriteTx) => Promise<unknown>) {
  const driver = await disk.openDatabase(KEY);
  await driver.write(work);
}

beforeEach(async () => {
  const inner = inProcessServer(app);
  asked = [];
  reports = [];
  server = {
    ...inner,
    handle(principal, body) {
      asked.push(JSON.parse(body) as ExchangeRequest);
      return inner.handle(principal, body);
    },
  };
  const person = (id: string, mentor: string) => ({ id, values: { name: id, mentor } });
  await server.store.importRows('people', [person('p1', '1'), person('p2', '1'), person('p3', '2')]);
  await server.store.importRows('visits', [{ id: 'v1', values: { personId: 'p1', minutes: 5 } }]);
});

describe('checksums', () => {
  test('[SY16] are asked for with a full read, and about once a day', async () => {
    const a = await open();
    expect(asked.at(-1)?.want.checksums).toBe(true);
    await a.sync();
    expect(asked.at(-1)?.want.checksums).toBe(false);
    await pass(23 * HOUR_MS);
    expect(asked.slice(2).filter(({ want }) => want.checksums)).toEqual([]);
    await pass(2 * HOUR_MS);
    expect(asked.filter(({ want }) => want.checksums)).toHaveLength(2);
    expect(reports).toEqual([]);
  });

  test('[SY16] a scope that differs is reported and read again, and no other; unsent work stays', async () => {
    const a = await open();
    await damage(a, async (tx) => {
      await tx.run(`DELETE FROM people WHERE id = 'p2'`);
      await tx.run(`DELETE FROM hf_record WHERE id = 'p2'`);
      await tx.run(`UPDATE people SET name = 'wrong' WHERE id = 'p3'`);
      await tx.run(`INSERT INTO hf_record VALUES ('people', 'p9', '3@0000000000000', '["mentor:1"]')`);
      await tx.run(`INSERT INTO people VALUES ('p9', 'nobody', '1')`);
    });
    a.link.answer = () => ({ status: 503, type: 'text/html', body: '' });
    await a.device.write((tx) => tx.people.update('p1', { name: 'Ada' }));
    a.link.answer = null;
    await pass(25 * HOUR_MS);
    await a.sync();
    expect(reports).toEqual(['Diverged']);
    expect(bringsAll()).toBe(1);
    // The other scope was equal by its versions, and is left as it is.
    expect(await names(a)).toEqual(['Ada', 'p2', 'wrong']);
    expect([await a.device.verify(), await a.device.outbox.list()]).toEqual([[], []]);
  });

  test('[SY16, SY5] while a scope is read again what was shown stays, with what is written meanwhile', async () => {
    const a = await open();
    await damage(a, (tx) => tx.run(`UPDATE hf_record SET version = '9@0000000000000' WHERE id = 'p1'`));
    const seen: string[][] = [];
    a.device.live(
      (db) => db.selectFrom('people').select('name').orderBy('id'),
      (rows) => seen.push(rows.map(({ name }) => name)),
    );
    await settlePromises();
    await pass(25 * HOUR_MS);
    await a.device.write((tx) => tx.people.update('p1', { name: 'Ada' }));
    await a.sync();
    await a.sync();
    expect(reports).toEqual(['Diverged']);
    expect(seen).toEqual([
      ['p1', 'p2', 'p3'],
      ['Ada', 'p2', 'p3'],
    ]);
    expect(await a.device.verify()).toEqual([]);
  });

  test('[SY16] an app of an older schema holds nothing of the collections it does not know', async () => {
    const newer = schema({
      version: 2,
      collections: {
        people: collection(
          { name: z.string(), mentor: z.string() },
          { scopes: ['mentor:{mentor}', 'all'], conflict: lastWriteWins() },
        ),
        visits: collection({ personId: ref('people'), minutes: z.int() }, { scopes: [inherit('personId')] }),
        notes: collection({ text: z.string() }, { scopes: ['mentor:1'] }),
      },
    });
    server = inProcessServer(newer);
    await server.store.importRows('notes', [{ id: 'n1', values: { text: 'x' } }]);
    await open();
    await pass(50 * HOUR_MS);
    expect(reports).toEqual([]);
  });
});

describe('reading everything again', () => {
  test('[SY11] three times an hour at most, whatever asks for it; work is sent all the same, and then it says so', async () => {
    const a = await open();
    for (let n = 0; n < 4; n += 1) {
      await server.store.newEpoch();
      await a.sync();
    }
    expect(reports).toEqual(['ReadLimit']);
    expect(a.device.status.get().phase).toMatchObject({ at: 'waiting', error: expect.stringContaining('three times') });
    expect(await names(a)).toEqual(['p1', 'p2', 'p3']);
    await a.device.write((tx) => tx.people.create({ id: 'p4', name: 'p4', mentor: '1' }));
    await a.sync();
    expect(await server.store.counts()).toMatchObject({ people: 4 });
    expect((await a.device.outbox.list()).map(({ state }) => state.at)).toEqual(['accepted']);
    await server.store.importRows('people', [{ id: 'p5', values: { name: 'p5', mentor: '1' } }]);
    await pass(HOUR_MS);
    await a.sync();
    expect(await names(a)).toEqual(['p1', 'p2', 'p3', 'p4', 'p5']);
    expect(await a.device.outbox.list()).toEqual([]);
    expect(a.device.status.get().phase).toEqual({ at: 'idle' });
  });

  test('[SY16] a scope that differs ever again is read again three times an hour, and in between used as it is', async () => {
    const a = await open();
    await a.sync();
    const spoil = () => damage(a, (tx) => tx.run(`UPDATE hf_record SET version = '9@0000000000000' WHERE id = 'p1'`));
    const check = () => damage(a, (tx) => tx.run('UPDATE hf_check SET checked_at = NULL'));
    for (let n = 0; n < 5; n += 1) {
      await spoil();
      await check();
      await a.sync();
    }
    const whole = asked.filter(({ cursor }) => cursor !== null && cursor.scopes.length < scopes.length);
    expect(whole).toHaveLength(2);
    await a.device.write((tx) => tx.people.update('p3', { name: 'Cem' }));
    await a.sync();
    expect(await a.device.outbox.list()).toEqual([]);
    await pass(HOUR_MS + 10 * 60_000);
    await a.sync();
    expect(asked.filter(({ cursor }) => cursor !== null && cursor.scopes.length < scopes.length)).toHaveLength(3);
    expect(await a.device.verify()).toEqual([]);
  });
});
