import { contractCollections, contractSchema, onPostgres, systemPorts } from '@holdfast/testkit';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerStore } from '../store/server-store.ts';
import { postgresStore } from './postgres-store.ts';

const ROWS = 20_000;
const FEED_ROWS = `SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS n
  FROM pg_stat_user_tables WHERE relname = 'hf_feed'`;
const OUTCOME_BLOCKS = `SELECT (heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::int AS n
  FROM pg_statio_user_tables WHERE relname = 'hf_applied'`;

const OTHER_BACKENDS = `SELECT count(*)::int AS n FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`;

/** Work is counted in rows that plan nodes gave, not in time. */
await onPostgres('plans on Postgres', (database) => {
  let store: ServerStore;
  let client: pg.Client;
  const notices: string[] = [];
  beforeAll(async () => {
    const { connectionString } = database();
    store = await postgresStore({ connectionString, schema: contractSchema, ...systemPorts });
    client = await database().connect();
    client.on('notice', (notice) => notices.push(notice.message ?? ''));
    const rows = Array.from({ length: ROWS }, (_, n) => ({
      id: `c${n}`,
      values: { name: `n${n}`, phone: null, mentorId: `m${n % 500}`, region: `r${n % 4}` },
    }));
    await store.importRows('contacts', rows);
    // Its worker would count among the blocks and rows that the tests ask for.
    await client.query(`ALTER TABLE hf_feed SET (autovacuum_enabled = false);
      ALTER TABLE hf_applied SET (autovacuum_enabled = false)`);
    await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0;
      SET auto_explain.log_nested_statements = on; SET auto_explain.log_analyze = on;
      SET auto_explain.log_timing = off; SET client_min_messages = log`);
  });
  afterAll(() => store.close());

  /** The most rows that one node of one plan went through while `work` ran. */
  const mostRows = async (work: () => Promise<unknown>): Promise<number> => {
    notices.length = 0;
    await work();
    let most = 0;
    for (const notice of notices) {
      for (const [, rows, loops] of notice.matchAll(/actual rows=([\d.]+) loops=(\d+)/g)) {
        most = Math.max(most, Number(rows) * Number(loops));
      }
      for (const [, removed] of notice.matchAll(/Rows Removed by (?:Join )?Filter: (\d+)/g)) {
        most = Math.max(most, Number(removed));
      }
    }
    expect(notices.length).toBeGreaterThan(3);
    return most;
  };

  test('[SV4] after hundreds of changes of one row, a change of all of them is not quadratic', async () => {
    for (let n = 0; n < 300; n += 1) {
      await store.transaction(async (tx) => {
        await tx.position();
      });
      await client.query(`UPDATE contacts SET phone = '${n}' WHERE id = 'c${n}'`);
    }
    expect(await mostRows(() => client.query(`UPDATE contacts SET phone = '1' WHERE id = 'c1'`))).toBeLessThan(100);
    expect(await mostRows(() => client.query(`UPDATE contacts SET phone = 'all'`))).toBeLessThan(20 * ROWS);
    expect(await mostRows(() => client.query(`UPDATE contacts SET region = 'all'`))).toBeLessThan(20 * ROWS);
    expect(await mostRows(() => client.query(`DELETE FROM contacts WHERE id < 'c5'`))).toBeLessThan(20 * ROWS);
  });

  test('[SV2] a quiet read touches nothing, and a page of a new scope no more than a page', async () => {
    const scopes = Array.from({ length: 300 }, (_, n) => `mentor:m${n}` as never);
    const device = '01900000-0000-7000-8000-000000000000' as never;
    const request = { device, collections: contractCollections, scopes, since: null, after: null, limit: 100 };
    const { snapshot, rows } = await store.read(request);
    expect(rows).toHaveLength(100);
    expect(await touched(FEED_ROWS, (own) => own.read({ ...request, since: { snapshot, scopes } }))).toBeLessThan(100);
    const page = await touched(FEED_ROWS, (own) => own.read(request));
    expect(page).toBeGreaterThanOrEqual(100);
    expect(page).toBeLessThan(1_000);
  });

  test('[SV1] asking for outcomes touches no more of them, however many were kept before', async () => {
    const id = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
    const writer = await database().connect();
    await writer.query(
      `INSERT INTO hf_applied (id, transaction, device, user_id, fingerprint, collection, record, outcome, xid)
       SELECT k::uuid, k::uuid, k::uuid, 'u', 'f', 'contacts', 'c', 'applied', pg_current_xact_id()
       FROM unnest($1::text[]) k`,
      [Array.from({ length: ROWS }, (_, n) => id(n))],
    );
    await writer.end();
    const asked = Array.from({ length: 500 }, (_, n) => id(ROWS + n) as never);
    const load = { device: id(0) as never, ids: asked, records: [], parents: [] };
    const blocks = await touched(OUTCOME_BLOCKS, (own) => own.transaction((tx) => tx.load(load)));
    expect(blocks).toBeGreaterThanOrEqual(asked.length);
    expect(blocks).toBeLessThan(20 * asked.length);
  });

  /**
   * How far a count of the server's goes up by this work. It is done over connections of its own, and all
   * others have ended, too: a backend that stays may keep what it did to itself for ten seconds, one that ends
   * reports it first.
   */
  const touched = async (counted: string, work: (own: ServerStore) => Promise<unknown>): Promise<number> => {
    const open = () =>
      postgresStore({ connectionString: database().connectionString, schema: contractSchema, ...systemPorts });
    await store.close();
    await client.end();
    const asking = await database().connect();
    const ask = async (query: string): Promise<number> => {
      await asking.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await asking.query(query);
      return Number(rows[0]?.n);
    };
    const backendsGone = async (): Promise<void> => {
      while ((await ask(OTHER_BACKENDS)) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const count = async (during: (own: ServerStore) => Promise<unknown>) => {
      const before = await ask(counted);
      const own = await open();
      await during(own);
      await own.close();
      await backendsGone();
      return (await ask(counted)) - before;
    };
    await backendsGone();
    const opening = await count(async () => {});
    const all = await count(work);
    await asking.end();
    store = await open();
    return all - opening;
  };
});
