import type { Cursor, Scope } from '@holdfast/core';
import { contractCollections, contractSchema, onPostgres, sidecarProblems, systemPorts } from '@holdfast/testkit';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerStore } from '../store/server-store.ts';
import { postgresStore } from './postgres-store.ts';
import { sqlState } from './sql-database.ts';

const STEPS = 80;

await onPostgres('races on Postgres', (database) => {
  let store: ServerStore;
  let client: pg.Client;
  beforeAll(async () => {
    const { connectionString } = database();
    store = await postgresStore({ connectionString, schema: contractSchema, ...systemPorts });
    client = await database().connect();
  });
  afterAll(() => store.close());

  const problems = () => sidecarProblems((text) => client.query(text), contractSchema);
  const read = (scopes: readonly string[], since: Cursor | null = null) =>
    store.read({
      device: '01900000-0000-7000-8000-000000000000' as never,
      scopes: scopes as readonly Scope[],
      since,
      collections: contractCollections,
      after: null,
      limit: 10_000,
    });
  const insert = (id: string, mentor: string) =>
    client.query('INSERT INTO contacts (id, name, "mentorId") VALUES ($1, $1, $2)', [id, mentor]);
  /** Until `other` waits for a lock, so that an order is forced and not hoped for. */
  const waits = async (other: pg.Client) => {
    const { rows } = await client.query('SELECT pid FROM pg_stat_activity WHERE pid = $1', [
      (other as unknown as { processID: number }).processID,
    ]);
    const { pid } = rows[0] as { pid: number };
    for (;;) {
      const blocked = await client.query('SELECT cardinality(pg_blocking_pids($1)) > 0 AS blocked', [pid]);
      if (blocked.rows[0]?.blocked === true) return;
    }
  };

  test('[SV2][SY8] with an old transaction open, a contact and its activity are read together', async () => {
    await insert('t0', 'torn');
    const first = await read(['mentor:torn']);
    const old = await database().connect();
    await old.query('BEGIN; SELECT pg_current_xact_id()');
    await client.query(`BEGIN; INSERT INTO contacts (id, name, "mentorId") VALUES ('t1', 'x', 'torn');
      INSERT INTO activities VALUES ('t1a', 't1', 'k', 1); COMMIT`);
    await client.query(`UPDATE contacts SET name = 'y' WHERE id = 't1'`);
    const since = { snapshot: first.snapshot, scopes: ['mentor:torn'] as Scope[] };
    const second = await read(['mentor:torn'], since);
    expect(second.rows.map((row) => row.id)).toEqual(['t1', 't1a']);
    await old.query(`INSERT INTO contacts (id, name, "mentorId") VALUES ('t2', 'x', 'torn'); COMMIT`);
    const third = await read(['mentor:torn'], { ...since, snapshot: second.snapshot });
    expect(third.rows.map((row) => row.id)).toEqual(['t2']);
  });

  test('[SV2] a younger transaction that commits first, an older one that writes last', async () => {
    await insert('o0', 'order');
    const old = await database().connect();
    await old.query('BEGIN; SELECT pg_current_xact_id()');
    await client.query(`UPDATE contacts SET name = 'young' WHERE id = 'o0'`);
    const first = await read(['mentor:order']);
    await old.query(`UPDATE contacts SET phone = 'old' WHERE id = 'o0'; COMMIT`);
    const second = await read(['mentor:order'], { snapshot: first.snapshot, scopes: ['mentor:order'] as Scope[] });
    expect(second.rows.map((row) => [row.id, row.values?.['phone']])).toEqual([['o0', 'old']]);
  });

  test('[SV5] a child inserted while its parent moves follows it', async () => {
    await insert('p1', 'from');
    const [mover, child] = [await database().connect(), await database().connect()];
    await mover.query(`BEGIN; UPDATE contacts SET "mentorId" = 'to' WHERE id = 'p1'`);
    const late = child.query(`INSERT INTO activities VALUES ('p1a', 'p1', 'k', 1)`);
    await waits(child);
    await mover.query('COMMIT');
    await late;
    expect((await read(['mentor:to'])).rows.map((row) => row.id)).toEqual(['p1', 'p1a']);
    expect(await problems()).toEqual([]);
  });

  test('[SV5] a parent that moves while a child is being inserted takes it along', async () => {
    await insert('p2', 'from');
    const [mover, child] = [await database().connect(), await database().connect()];
    await child.query(`BEGIN; INSERT INTO activities VALUES ('p2a', 'p2', 'k', 1)`);
    const move = mover.query(`UPDATE contacts SET "mentorId" = 'to2' WHERE id = 'p2'`);
    await waits(mover);
    await child.query('COMMIT');
    await move;
    expect((await read(['mentor:to2'])).rows.map((row) => row.id)).toEqual(['p2', 'p2a']);
    expect(await problems()).toEqual([]);
  });

  test('[SV5] a change of the parent that moves nothing waits for no child', async () => {
    await insert('p3', 'calm');
    const child = await database().connect();
    await child.query(`BEGIN; INSERT INTO activities VALUES ('p3a', 'p3', 'k', 1)`);
    await client.query(`UPDATE contacts SET name = 'renamed' WHERE id = 'p3'`);
    await child.query('COMMIT');
    expect(await problems()).toEqual([]);
  });

  test('[SV5] a parent created, and one brought back, while a child is being inserted', async () => {
    await insert('p5', 'back');
    await client.query(`DELETE FROM contacts WHERE id = 'p5'`);
    const [creator, child] = [await database().connect(), await database().connect()];
    await child.query(`BEGIN; INSERT INTO activities VALUES ('p4a', 'p4', 'k', 1), ('p5a', 'p5', 'k', 1)`);
    const create = creator.query(
      `INSERT INTO contacts (id, name, "mentorId") VALUES ('p4', 'x', 'new'), ('p5', 'x', 'new')`,
    );
    await waits(creator);
    await child.query('COMMIT');
    await create;
    expect((await read(['mentor:new'])).rows.map((row) => row.id)).toEqual(['p4', 'p5', 'p4a', 'p5a']);
    expect(await problems()).toEqual([]);
  });

  test('[SV5] a child inserted while its parent is being created, and one while it is deleted', async () => {
    await insert('p7', 'gone');
    const [writer, child] = [await database().connect(), await database().connect()];
    await writer.query(`BEGIN; INSERT INTO contacts (id, name, "mentorId") VALUES ('p6', 'x', 'made');
      DELETE FROM contacts WHERE id = 'p7'`);
    const late = child.query(`INSERT INTO activities VALUES ('p6a', 'p6', 'k', 1), ('p7a', 'p7', 'k', 1)`);
    await waits(child);
    await writer.query('COMMIT');
    await late;
    expect((await read(['mentor:made', 'mentor:gone'])).rows.map((row) => row.id)).toEqual(['p6', 'p6a']);
    expect(await problems()).toEqual([]);
  });

  test('[SV5][SV7] many writers that insert, move, count, delete and re-create leave nobody in a wrong scope', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => database().connect()));
    for (const own of clients) await own.query("SET deadlock_timeout = '20ms'");
    let gaveUp = 0;
    const writer = async (own: pg.Client, seed: number) => {
      const random = generator(seed);
      const pick = (n: number) => Math.floor(random() * n);
      const parent = () => `s${pick(6)}`;
      for (let step = 0; step < STEPS; step += 1) {
        const statements = [
          `INSERT INTO contacts (id, name, "mentorId") VALUES ('${parent()}', 'x', 'm${pick(4)}') ON CONFLICT DO NOTHING`,
          `INSERT INTO activities VALUES ('s${pick(60)}', '${parent()}', 'k', 1) ON CONFLICT DO NOTHING`,
          `UPDATE contacts SET "mentorId" = 'm${pick(4)}' WHERE id = '${parent()}'`,
          `UPDATE contacts SET phone = '${step}' WHERE id = '${parent()}'`,
          `UPDATE activities SET "contactId" = '${parent()}' WHERE id IN ('s${pick(60)}', 's${pick(60)}')`,
          `UPDATE activities SET minutes = ${step} WHERE "contactId" = '${parent()}'`,
          `DELETE FROM activities WHERE id = 's${pick(60)}'`,
          `DELETE FROM contacts WHERE id = '${parent()}'`,
        ];
        try {
          await own.query(`BEGIN; ${statements[pick(8)]}; ${statements[pick(8)]}; COMMIT`);
        } catch (error) {
          if (sqlState(error) !== '40P01') throw error;
          gaveUp += 1;
          await own.query('ROLLBACK');
        }
      }
    };
    await Promise.all(clients.map((own, index) => writer(own, index + 1)));
    expect(await problems()).toEqual([]);
    expect(gaveUp).toBeLessThan(clients.length * STEPS);
    const { rows } = await client.query(`SELECT count(*)::int AS n FROM hf_record WHERE id LIKE 's%' AND count > 2`);
    expect(rows[0]?.n).toBeGreaterThan(20);
  });

  test('[SV7] a transaction that goes on after a failed statement is not taken for a commit', async () => {
    const lost = store.transaction((tx) => tx.meetDevice('no uuid' as never, 'ada' as never).catch(() => 'known'));
    await expect(lost).rejects.toThrow(/failed/);
  });

  test('[SV7] a killed connection loses its transaction and nothing else; the store goes on', async () => {
    const heard: Scope[] = [];
    store.onNews((scopes) => heard.push(...scopes));
    const lost = store.transaction(async (tx) => {
      const records = [{ collection: 'contacts', id: 'killed' }];
      await tx.load({ device: '' as never, ids: [], records, parents: [] });
      await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'holdfast'`);
      await tx.position();
    });
    await expect(lost).rejects.toThrow();
    const there = await client.query(`SELECT FROM hf_record WHERE id = 'killed'`);
    expect(there.rowCount).toBe(0);
    const records = [{ collection: 'contacts', id: 'killed' }];
    await store.transaction((tx) => tx.load({ device: '' as never, ids: [], records, parents: [] }));
    // The listening connection comes back by itself.
    for (let tried = 0; !heard.includes('mentor:after' as Scope); tried += 1) {
      await client.query(`INSERT INTO contacts (id, name, "mentorId") VALUES ('after${tried}', 'x', 'after')`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
});

function generator(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    // xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}
