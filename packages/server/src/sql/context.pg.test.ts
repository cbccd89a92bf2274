import { must } from '@holdfast/core';
import { contractSchema, onPostgres, sidecarProblems, systemPorts } from '@holdfast/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerStore } from '../store/server-store.ts';
import { openPglite } from './pglite-database.ts';
import { connectPostgres } from './postgres-database.ts';
import type { SqlDatabase } from './sql-database.ts';
import { openSqlStore } from './sql-store.ts';

// Roles belong to the whole server, so two runs need two names.
const OTHER = `hf_other_${process.pid}`;

/** Who may say whose change it is: the context that goes with a statement. */
function contextTests(connect: () => Promise<SqlDatabase>): void {
  let db: SqlDatabase;
  let store: ServerStore;
  beforeAll(async () => {
    db = await connect();
    store = await openSqlStore(db, contractSchema, 'public', systemPorts);
  });
  afterAll(() => store.close());

  const run = (text: string) => db.query(text);
  const together = (...texts: readonly string[]) =>
    db.transaction(async (session) => {
      for (const text of texts) await session.query(text);
    });
  const problems = () => sidecarProblems(run, contractSchema);
  const record = (id: string) =>
    store.transaction(async (tx) => {
      const records = [{ collection: 'contacts', id }];
      const loaded = await tx.load({ device: '' as never, ids: [], records, parents: [] });
      return must(loaded.records.get(`contacts/${id}`), id);
    });
  const count = async (id: string) => Number.parseInt((await record(id)).state.version, 10);
  let used = 0;
  const contact = async (): Promise<string> => {
    used += 1;
    await run(`INSERT INTO contacts (id, name, "mentorId") VALUES ('a${used}', 'n', 'm1')`);
    return `a${used}`;
  };
  const forged = (id: string) =>
    `pg_current_xact_id()::text || ' ' || (SELECT id FROM hf_collection WHERE name = 'contacts') || ' ' ||
     '{"s":[["ffffffffffff0000","forged"]],"r":{"${id}":{"name":0,"":0}},"a":"coordinator","b":"mallory"}'`;
  beforeAll(async () => {
    await run(`CREATE ROLE ${OTHER}`);
    await run(`GRANT ALL ON contacts, activities, samples, hf_collection TO ${OTHER}`);
  });
  afterAll(async () => {
    await run(`DROP OWNED BY ${OTHER}`);
    await run(`DROP ROLE ${OTHER}`);
  });
  const asOther = (...texts: readonly string[]) =>
    db.transaction(async (session) => {
      const { rows } = await session.query('SELECT session_user AS own');
      await session.script(`SET SESSION AUTHORIZATION ${OTHER}`);
      for (const text of texts) await session.query(text);
      // By name: PGlite never logged in, so it has nothing that RESET could go back to.
      await session.script(`SET SESSION AUTHORIZATION ${rows[0]?.['own']}`);
    });

  test('[SV5] a context is believed from no other role, after SET ROLE, nor through a function with our rights', async () => {
    const a = await contact();
    const update = `UPDATE contacts SET name = 'forged' || random() WHERE id = '${a}'`;
    await asOther(`SELECT set_config('hf.ctx', ${forged(a)}, true)`, update);
    expect((await record(a)).state.marks['name']).toMatchObject({ by: null, tie: '', authority: null });
    await run(`CREATE FUNCTION app_write() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ ${update} $$`);
    await asOther(`SELECT set_config('hf.ctx', ${forged(a)}, true)`, 'SELECT app_write()');
    await run('DROP FUNCTION app_write');
    expect((await record(a)).state.marks['name']).toMatchObject({ by: null, tie: '' });
    await asOther("SELECT set_config('hf.ctx', 'not { json', true)", update);
    expect((await record(a)).state.marks['name']).toMatchObject({ by: null, tie: '' });
    expect(await count(a)).toBe(4);
  });

  test('[SV5] a context is worthless in another transaction, and malformed it stops nothing', async () => {
    const a = await contact();
    for (const left of ['not { json', '1 2 {"s":[["ffffffffffff0000","x"]],"r":{},"a":null,"b":"mallory"}']) {
      await together(
        `SELECT set_config('hf.ctx', '${left}', true)`,
        `UPDATE contacts SET name = name || 'x' WHERE id = '${a}'`,
      );
      expect((await record(a)).state.marks['name']).toMatchObject({ by: null, tie: '' });
    }
  });

  test('[SV5] a context ends with its statement, also for the same record in the same transaction', async () => {
    const a = await contact();
    await db.transaction(async (session) => {
      await session.query(`WITH c AS MATERIALIZED (SELECT set_config('hf.ctx', ${forged(a)}, true))
        UPDATE contacts SET name = 'ours' FROM c WHERE id = '${a}'`);
      const { rows } = await session.query(`SELECT marks->'name'->>6 AS by FROM hf_record WHERE id = '${a}'`);
      expect(rows).toEqual([{ by: 'mallory' }]);
      await session.query(`UPDATE contacts SET name = 'plain' WHERE id = '${a}'`);
    });
    expect((await record(a)).state.marks['name']).toMatchObject({ by: null, tie: '' });
    expect(await count(a)).toBe(3);
  });

  test('[SV5] a context is not handed on to what triggers of the app write', async () => {
    const a = await contact();
    await db.transaction(async (session) => {
      await session.script(`CREATE FUNCTION app_echo() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN UPDATE contacts SET name = 'echo' WHERE id = NEW.id AND name <> 'echo'; RETURN NULL; END $$;
        CREATE TRIGGER app_echo AFTER UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION app_echo();`);
    });
    try {
      await db.transaction(async (session) => {
        await session.query(`WITH c AS MATERIALIZED (SELECT set_config('hf.ctx', ${forged(a)}, true))
          UPDATE contacts SET name = 'ours' FROM c WHERE id = '${a}'`);
      });
      expect((await record(a)).state.values['name']).toBe('echo');
    } finally {
      await run('DROP FUNCTION app_echo CASCADE');
    }
    expect(await problems()).toEqual([]);
  });
}

describe('the context on PGlite', () => contextTests(() => openPglite(null)));

await onPostgres('the context on Postgres', (database) =>
  contextTests(() => connectPostgres({ connectionString: database().connectionString })),
);
