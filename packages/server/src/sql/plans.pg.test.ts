import { contractCollections, contractSchema, onPostgres, systemPorts } from '@holdfast/testkit';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerStore } from '../store/server-store.ts';
import { postgresStore } from './postgres-store.ts';

const ROWS = 20_000;

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
    const before = await scanned();
    await store.read({ ...request, since: { snapshot, scopes } });
    const quiet = await scanned();
    expect(quiet - before).toBeLessThan(100);
    await store.read(request);
    expect((await scanned()) - quiet).toBeLessThan(1_000);
  });

  /** Rows of the feed read so far. */
  const scanned = async (): Promise<number> => {
    // A backend reports what it did at the latest when it has nothing else to do.
    let last = -1;
    for (let same = 0; same < 5; ) {
      await client.query('SELECT pg_stat_clear_snapshot()');
      const { rows } = await client.query(
        `SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS n FROM pg_stat_user_tables WHERE relname = 'hf_feed'`,
      );
      const now = Number(rows[0]?.n);
      same = now === last ? same + 1 : 0;
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    return last;
  };
});
