import type { Scope } from '@holdfast/core';
import { contractSchema, onPostgres, sidecarProblems, systemPorts, type TestDatabase } from '@holdfast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Hammer, MENTORS } from '../../test/hammer.ts';
import type { ServerStore } from '../store/server-store.ts';
import { postgresStore } from './postgres-store.ts';

const PLAIN = 10;
const DEVICES = 6;
const READERS: readonly (readonly string[])[] = [MENTORS, ['m0']];
const HAMMERED_MS = 20_000;
const ROUND_MS = 3_000;
const MOST_ROUNDS = 40;

/** The store, and a connection beside it. */
async function openStore(database: TestDatabase) {
  const { connectionString } = database;
  const store = await postgresStore({ connectionString, schema: contractSchema, connections: 10, ...systemPorts });
  return { store, client: await database.connect() };
}

async function hammer(database: TestDatabase, store: ServerStore, ms: number, firstSeed: number) {
  const until = Date.now() + ms;
  const blows = new Hammer(store, systemPorts.clock, () => Date.now() < until);
  const clients = await Promise.all(Array.from({ length: PLAIN }, () => database.connect()));
  const replicas = READERS.map((mentors, i) => blows.read(i, mentors));
  await Promise.all([
    ...clients.map((own, i) => blows.writePlainly(own, firstSeed + i)),
    ...Array.from({ length: DEVICES }, (_, i) => blows.push(firstSeed + i)),
  ]);
  return { blows, replicas: await Promise.all(replicas) };
}

await onPostgres('the hammer on Postgres', (database) => {
  let opened: Awaited<ReturnType<typeof openStore>>;
  beforeAll(async () => {
    opened = await openStore(database());
    await Hammer.prepare(opened.client);
  });
  afterAll(() => opened.store.close());

  test('[SV2, SV4, SV5, SV7, SY8] sixteen writers at once leave nobody in a wrong scope, and no reader sees a part', async () => {
    const { store, client } = opened;
    const { blows, replicas } = await hammer(database(), store, HAMMERED_MS, 1);
    expect(await sidecarProblems((text) => client.query(text), contractSchema)).toEqual([]);
    expect([...new Set(blows.torn)]).toEqual([]);
    const counts = blows.blows;
    for (const [name, count] of Object.entries({ ...counts, deadlocks: 99 })) expect(count, name).toBeGreaterThan(20);
    for (const [i, mentors] of READERS.entries()) {
      const replica = replicas[i];
      if (replica === undefined) throw new Error('each reader has its replica');
      do await blows.catchUp(replica, mentors);
      while (replica.catchUp !== null);
      const scopes = mentors.map((mentor) => `mentor:${mentor}` as Scope);
      const read = {
        device: replica.device,
        scopes,
        since: null,
        collections: ['contacts', 'activities'],
        after: null,
      };
      const { rows } = await store.read({ ...read, limit: 100_000 });
      const held = [...replica.records].map(([key, { values }]) => [key, values]);
      expect(Object.fromEntries(held)).toEqual(
        Object.fromEntries(rows.map(({ collection, id, values }) => [`${collection}/${id}`, values])),
      );
    }
  }, 120_000);
});

await onPostgres('the hammer on Postgres, the parents not held', (database) => {
  let opened: Awaited<ReturnType<typeof openStore>>;
  beforeAll(async () => {
    opened = await openStore(database());
    await Hammer.prepare(opened.client);
  });
  afterAll(() => opened.store.close());

  test('without the key share on the parent somebody is left in a wrong scope', async () => {
    const { store, client } = opened;
    const { rows } = await client.query(`SELECT pg_get_functiondef('hf_hold_parents'::regproc) AS text`);
    const text = String(rows[0]?.text);
    expect(text).toContain(' FOR KEY SHARE');
    await client.query(text.replaceAll(' FOR KEY SHARE', ''));
    let problems: string[] = [];
    for (let round = 0; round < MOST_ROUNDS && problems.length === 0; round += 1) {
      await hammer(database(), store, ROUND_MS, 100 * round + 1);
      problems = await sidecarProblems((query) => client.query(query), contractSchema);
    }
    expect(problems).not.toEqual([]);
  }, 300_000);
});
