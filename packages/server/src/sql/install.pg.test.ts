import { collection, hasCode, type Schema, schema } from '@holdfast/core';
import { contractCollections, contractSchema, onPostgres, sidecarProblems, systemPorts } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { postgresStore } from './postgres-store.ts';

const visits = schema({
  version: 1,
  collections: {
    visits: collection({ place: z.string(), day: z.iso.date() }, { scopes: ['place:{place}'], indexes: [['day']] }),
  },
});

await onPostgres('installing on Postgres', (database) => {
  const open = (of: Schema, pgSchema = 'public') =>
    postgresStore({
      connectionString: database().connectionString,
      schema: of,
      pgSchema,
      connections: 2,
      ...systemPorts,
    });
  const everything = {
    device: '01900000-0000-7000-8000-000000000000' as never,
    since: null,
    after: null,
    limit: 1_000,
  };

  test('[SV7] processes that start at once, and again later, end with one epoch and one set of tables', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(contractSchema, 'together')));
    const client = await database().connect();
    const before = await client.query(`SELECT xmin FROM pg_proc WHERE proname LIKE 'hf\\_%' ORDER BY oid`);
    stores.push(await open(contractSchema, 'together'));
    const after = await client.query(`SELECT xmin FROM pg_proc WHERE proname LIKE 'hf\\_%' ORDER BY oid`);
    expect(new Set(stores.map((store) => store.epoch)).size).toBe(1);
    expect(after.rows).toEqual(before.rows);
    expect(before.rows.length).toBeGreaterThan(5);
    await Promise.all(stores.map((store) => store.close()));
  });

  test('[SV7] what one process writes, another hears of and reads', async () => {
    const [one, other] = [await open(visits, 'two'), await open(visits, 'two')];
    const news = new Promise((resolve) => {
      other.onNews(resolve);
    });
    await one.importRows('visits', [{ id: 'v', values: { place: 'here', day: '2024-02-29' } }]);
    expect(await news).toEqual(['place:here']);
    const { rows } = await other.read({ ...everything, scopes: ['place:here' as never], collections: ['visits'] });
    expect(rows.map((row) => row.values)).toEqual([{ place: 'here', day: '2024-02-29' }]);
    await Promise.all([one.close(), other.close()]);
  });

  test('[SV7] a column that is missing or of another type is named', async () => {
    const client = await database().connect();
    await client.query('CREATE SCHEMA lacking; CREATE TABLE lacking.visits (id text PRIMARY KEY, place text)');
    const missing: unknown = await open(visits, 'lacking').catch((error: unknown) => error);
    expect(hasCode(missing, 'DatabaseMismatch')).toBe(true);
    expect(String(missing)).toContain('"lacking"."visits"');
    expect(String(missing)).toContain('"day"');
    await client.query('ALTER TABLE lacking.visits ADD COLUMN day timestamptz');
    await expect(open(visits, 'lacking')).rejects.toThrow(/"day" is timestamp with time zone, not date/);
    await client.query(
      'ALTER TABLE lacking.visits ALTER COLUMN day TYPE date; ALTER TABLE lacking.visits DROP CONSTRAINT visits_pkey',
    );
    await expect(open(visits, 'lacking')).rejects.toThrow(/"id" is not unique/);
    const { rows } = await client.query(`SELECT FROM pg_tables WHERE schemaname = 'lacking' AND tablename LIKE 'hf%'`);
    expect(rows).toEqual([]);
  });

  test('[SV4] the rows of a table that was there before are taken in', async () => {
    const client = await database().connect();
    await client.query(`CREATE SCHEMA grown; CREATE TABLE grown.visits (id text PRIMARY KEY, more int, day date, place varchar(9));
      INSERT INTO grown.visits SELECT 'v' || g, g, '2024-01-01', 'here' FROM generate_series(1, 50) g`);
    const store = await open(visits, 'grown');
    const { rows } = await store.read({ ...everything, scopes: ['place:here' as never], collections: ['visits'] });
    expect(rows).toHaveLength(50);
    expect(await store.counts()).toEqual({ visits: 50 });
    await store.close();
  });

  test.each([
    ['carried to another cluster', `UPDATE hf_epoch SET cluster = 'another cluster'`],
    [
      'ahead of its cluster',
      `UPDATE hf_feed SET xid = '900000000000', entered = '900000000000';
       UPDATE hf_record SET marks = jsonb_set(marks, '{phone,2}', '"900000000000"');
       UPDATE hf_applied SET xid = '900000000000'`,
    ],
  ])('[SY11] a history %s begins a new epoch, with positions of its own', async (_, fault) => {
    const client = await database().connect();
    const old = await open(contractSchema);
    await client.query('TRUNCATE contacts, hf_record, hf_feed');
    await client.query(`INSERT INTO contacts (id, name, "mentorId") VALUES ('a', 'x', 'm')`);
    await client.query(`UPDATE contacts SET phone = '1'`);
    await old.close();
    const same = await open(contractSchema);
    expect(same.epoch).toBe(old.epoch);
    await same.close();
    await client.query(fault);
    const store = await open(contractSchema);
    expect(store.epoch > old.epoch).toBe(true);
    const request = { ...everything, scopes: ['mentor:m' as never], collections: contractCollections };
    const { rows, snapshot } = await store.read(request);
    expect(rows[0]?.version).toBe(`2@${old.epoch}`);
    expect(rows[0]?.changedIn['phone']).toBe(rows[0]?.entered);
    const since = { snapshot, scopes: request.scopes };
    expect((await store.read({ ...request, since })).rows).toEqual([]);
    await client.query(`UPDATE contacts SET name = name || '!'`);
    const news = await store.read({ ...request, since });
    expect(news.rows.map((row) => row.version)).toEqual([`3@${store.epoch}`]);
    expect(await sidecarProblems((text) => client.query(text), contractSchema)).toEqual([]);
    await store.close();
  });

  test('[SV5] a plain role that owns the database is enough, and then a superuser is as foreign as others', async () => {
    const role = `hf_server_${process.pid}`;
    const admin = await database().connect();
    const name = new URL(database().connectionString).pathname.slice(1);
    await admin.query(`CREATE ROLE ${role} LOGIN; ALTER DATABASE ${name} OWNER TO ${role}`);
    const address = new URL(database().connectionString);
    address.username = role;
    const store = await postgresStore({
      connectionString: address.href,
      schema: visits,
      pgSchema: 'plain',
      connections: 2,
      ...systemPorts,
    });
    await store.transaction(async (tx) => {
      const records = [{ collection: 'visits', id: 'v' }];
      await tx.load({ device: '' as never, ids: [], records, parents: [] });
      const changes = [
        { values: { place: 'here', day: '2024-01-01' }, stamp: '0'.repeat(16) as never, tie: '' as never },
      ];
      const batches = [{ collection: 'visits', kind: 'insert' as const, rows: [{ id: 'v', changes }] }];
      expect(
        await tx.apply({ batches, applied: [], audit: [], bay: [], at: 0, by: 'ada' as never, authority: null }),
      ).toMatchObject({ ok: true });
    });
    const by = `SELECT created->>6 AS created, marks->'place'->>6 AS place FROM plain.hf_record WHERE id = 'v'`;
    expect((await admin.query(by)).rows).toEqual([{ created: 'ada', place: null }]);
    await admin.query(`WITH c AS MATERIALIZED (SELECT set_config('hf.ctx', pg_current_xact_id()::text ||
        ' 1 {"s":[["ffffffffffff0000","forged"]],"r":{"v":{"place":0}},"a":null,"b":"mallory"}', true))
      UPDATE plain.visits SET place = 'there' FROM c`);
    expect((await admin.query(by)).rows).toEqual([{ created: 'ada', place: null }]);
    await store.close();
    await admin.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}`);
    await admin.query(`DROP ROLE ${role}`);
  });

  test('a server that does not answer is said to be unreachable, without its password', async () => {
    const failure: unknown = await postgresStore({
      connectionString: 'postgres://somebody:geheim@127.0.0.1:1/nothing',
      schema: visits,
      ...systemPorts,
    }).catch((error: unknown) => error);
    expect(hasCode(failure, 'DatabaseUnreachable')).toBe(true);
    expect(String(failure)).not.toContain('geheim');
  });
});
