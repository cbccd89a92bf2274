import { type Cursor, type Json, must, type Scope, stampAfter, type UserId } from '@holdfast/core';
import { contractCollections, contractSchema, onPostgres, sidecarProblems, systemPorts } from '@holdfast/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ServerStore } from '../store/server-store.ts';
import { openPglite } from './pglite-database.ts';
import { connectPostgres } from './postgres-database.ts';
import type { SqlDatabase } from './sql-database.ts';
import { openSqlStore } from './sql-store.ts';

/** What other programs do in plain SQL reaches the sidecars, on both databases. */
function plainSql(connect: () => Promise<SqlDatabase>): void {
  let db: SqlDatabase;
  let store: ServerStore;
  beforeAll(async () => {
    db = await connect();
    store = await openSqlStore(db, contractSchema, 'public', systemPorts);
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    await db.query('TRUNCATE contacts, activities, samples');
  });

  const run = (text: string) => db.query(text);
  /** Several statements in one transaction. */
  const together = (...texts: readonly string[]) =>
    db.transaction(async (session) => {
      for (const text of texts) await session.query(text);
    });
  const problems = () => sidecarProblems(run, contractSchema);
  const read = (scopes: readonly string[], since: Cursor | null = null) =>
    store.read({
      device: '01900000-0000-7000-8000-000000000000' as never,
      scopes: scopes as readonly Scope[],
      since,
      collections: contractCollections,
      after: null,
      limit: 10_000,
    });
  const cursor = async (...scopes: string[]): Promise<Cursor> => ({
    snapshot: (await read(scopes)).snapshot,
    scopes: scopes as Scope[],
  });
  const record = (id: string, collection = 'contacts') =>
    store.transaction(async (tx) => {
      const records = [{ collection, id }];
      const loaded = await tx.load({ device: '' as never, ids: [], records, parents: [] });
      return must(loaded.records.get(`${collection}/${id}`), id);
    });
  const count = async (id: string) => Number.parseInt((await record(id)).state.version, 10);
  let used = 0;
  /** Ids of this test alone: counts go on over deletions. */
  const ids = (...names: readonly string[]) => {
    used += 1;
    return names.map((name) => `${name}${used}`);
  };
  const contacts = (...rows: readonly (readonly [string, string])[]) =>
    run(
      `INSERT INTO contacts (id, name, "mentorId") VALUES ${rows.map(([id, m]) => `('${id}', 'n', '${m}')`).join(', ')}`,
    );

  test('[SV4] a change made in SQL has its field, its version, no author and a later stamp', async () => {
    const [a = ''] = ids('a');
    const future = 'f00000000000ffff';
    await store.transaction(async (tx) => {
      await tx.load({ device: '' as never, ids: [], records: [{ collection: 'contacts', id: a }], parents: [] });
      const values = { name: 'n', phone: null, mentorId: 'm1', region: null };
      const changes = [{ values, stamp: future as never, tie: 'tie' as never }];
      const batches = [{ collection: 'contacts', kind: 'insert' as const, rows: [{ id: a, changes }] }];
      const done = await tx.apply({
        batches,
        applied: [],
        audit: [],
        bay: [],
        at: 0,
        by: 'ada' as UserId,
        authority: 'mentor',
      });
      expect(done.ok).toBe(true);
    });
    const since = await cursor('mentor:m1');
    await run(`UPDATE contacts SET phone = '1' WHERE id = '${a}'`);
    const { state } = await record(a);
    expect(state.created.by).toBe('ada');
    expect(state.marks).toEqual({
      phone: { version: state.version, stamp: stampAfter(future as never), tie: '', authority: null, by: null },
    });
    const [row] = (await read(['mentor:m1'], since)).rows;
    expect(Object.keys(must(row, 'the row').changedIn)).toEqual(['phone']);
    expect(await problems()).toEqual([]);
  });

  test('[SV4] what people had written, and SQL wrote over or deleted, is in the audit with both values', async () => {
    const [a = '', b = ''] = ids('a', 'b');
    const writeAs = (by: string, kind: 'insert' | 'update', values: Record<string, Json>) =>
      store.transaction(async (tx) => {
        await tx.load({ device: '' as never, ids: [], records: [{ collection: 'contacts', id: a }], parents: [] });
        const changes = [{ values, stamp: '0189000000000000' as never, tie: 'tie' as never }];
        const batches = [{ collection: 'contacts', kind, rows: [{ id: a, changes }] }];
        const done = await tx.apply({
          batches,
          applied: [],
          audit: [],
          bay: [],
          at: 0,
          by: by as UserId,
          authority: null,
        });
        expect(done.ok).toBe(true);
      });
    await writeAs('ada', 'insert', { name: 'n', phone: null, mentorId: 'm1', region: 'r' });
    await writeAs('bob', 'update', { phone: '1' });
    await contacts([b, 'm1']);
    const told = async (id: string) => {
      const { entries } = await store.readAudit({
        of: { record: { collection: 'contacts', id } },
        before: null,
        limit: 9,
      });
      return entries.map(({ event, other, mine, theirs }) => ({ event, other, mine, theirs }));
    };
    await run(`UPDATE contacts SET phone = '2', name = 'N' WHERE id IN ('${a}', '${b}')`);
    const first = [
      { event: 'overwritten', other: 'bob', mine: { phone: '2' }, theirs: { phone: '1' } },
      { event: 'overwritten', other: 'ada', mine: { name: 'N' }, theirs: { name: 'n' } },
    ];
    expect(await told(a)).toEqual(expect.arrayContaining(first));
    await run(`UPDATE contacts SET phone = '3', region = region WHERE id = '${a}'`);
    expect(await told(a)).toHaveLength(2);
    await run(`DELETE FROM contacts WHERE id IN ('${a}', '${b}')`);
    expect((await told(a))[0]).toEqual({
      event: 'overwritten',
      other: 'ada',
      mine: {},
      theirs: { mentorId: 'm1', region: 'r' },
    });
    expect([(await told(a)).length, await told(b)]).toEqual([3, []]);
    const [entry] = (await store.readAudit({ of: { user: 'ada' as UserId }, before: null, limit: 1 })).entries;
    expect(entry).toMatchObject({ device: null, mutation: null, user: expect.stringMatching(/./) });
    expect(await problems()).toEqual([]);
  });

  test('[SV4] an update that changes nothing is no change', async () => {
    const [a = ''] = ids('a');
    await contacts([a, 'm1']);
    const since = await cursor('mentor:m1');
    await run('UPDATE contacts SET name = name, phone = phone');
    expect(await count(a)).toBe(1);
    expect((await read(['mentor:m1'], since)).rows).toEqual([]);
  });

  test('[SV4] INSERT … ON CONFLICT DO UPDATE, both ways in one statement', async () => {
    const [a = '', b = ''] = ids('a', 'b');
    await contacts([a, 'm1']);
    await run(`INSERT INTO contacts (id, name, "mentorId") VALUES ('${a}', 'x', 'm2'), ('${b}', 'y', 'm2')
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, "mentorId" = excluded."mentorId"`);
    expect([await count(a), await count(b)]).toEqual([2, 1]);
    expect(Object.keys((await record(a)).state.marks).sort()).toEqual(['mentorId', 'name']);
    expect(await problems()).toEqual([]);
  });

  test('[SV4] MERGE that inserts, updates and deletes', async () => {
    const [a = '', b = '', c = ''] = ids('a', 'b', 'c');
    await contacts([a, 'm1'], [b, 'm1']);
    await run(`MERGE INTO contacts t USING (VALUES ('${a}', 'x'), ('${b}', NULL), ('${c}', 'z')) v(id, name) ON t.id = v.id
      WHEN MATCHED AND v.name IS NULL THEN DELETE
      WHEN MATCHED THEN UPDATE SET name = v.name
      WHEN NOT MATCHED THEN INSERT (id, name, "mentorId") VALUES (v.id, v.name, 'm3')`);
    expect([await count(a), await count(b), await count(c)]).toEqual([2, 2, 1]);
    expect((await record(b)).state.deleted).not.toBeNull();
    expect(await problems()).toEqual([]);
  });

  test('[SV4] a changed primary key is a record that vanished and one that appeared', async () => {
    const [a = '', b = ''] = ids('a', 'b');
    await contacts([a, 'm1']);
    const since = await cursor('mentor:m1');
    await run(`UPDATE contacts SET id = '${b}' WHERE id = '${a}'`);
    const rows = (await read(['mentor:m1'], since)).rows;
    expect(rows.map((row) => [row.id, row.present])).toEqual([
      [a, false],
      [b, true],
    ]);
    expect((await record(a)).state.deleted).not.toBeNull();
    await run(`UPDATE contacts SET id = '${a}' WHERE id = '${b}'`);
    expect([await count(a), await count(b)]).toEqual([3, 2]);
    expect(await problems()).toEqual([]);
  });

  test('[SV4] primary keys that shift into each other', async () => {
    used += 1;
    const id = (n: number) => `p${used}.${n}`;
    // Only a deferred key lets them shift in one statement.
    await run('ALTER TABLE contacts DROP CONSTRAINT contacts_pkey');
    await run('ALTER TABLE contacts ADD CONSTRAINT contacts_pkey PRIMARY KEY (id) DEFERRABLE');
    await contacts([id(1), 'm1'], [id(2), 'm2']);
    const parent = await parentIndex();
    await run(`DROP INDEX ${parent.name}`);
    await run(`UPDATE contacts SET id = left(id, -1) || (right(id, 1)::int + 1) WHERE id IN ('${id(1)}', '${id(2)}')`);
    await run('ALTER TABLE contacts DROP CONSTRAINT contacts_pkey');
    await run('ALTER TABLE contacts ADD CONSTRAINT contacts_pkey PRIMARY KEY (id)');
    await run(parent.definition);
    expect((await record(id(1))).state.deleted).not.toBeNull();
    expect((await record(id(2))).state.values['mentorId']).toBe('m1');
    expect((await record(id(3))).state.values['mentorId']).toBe('m2');
    expect(await problems()).toEqual([]);
  });

  const parentIndex = async () => {
    const { rows } = await run(
      "SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'contacts' AND indexname LIKE 'hf_parent%'",
    );
    const [row] = rows;
    return { name: String(row?.['name']), definition: String(row?.['definition']) };
  };

  test('[SV4] TRUNCATE leaves tombstones with their content, and children leave with it', async () => {
    const [a = '', b = '', x = ''] = ids('a', 'b', 'x');
    await contacts([a, 'm1'], [b, 'm1']);
    await run(`INSERT INTO activities VALUES ('${x}', '${a}', 'k', 1)`);
    const since = await cursor('mentor:m1');
    await run('TRUNCATE contacts');
    const news = (await read(['mentor:m1'], since)).rows;
    expect(news.map((row) => [row.id, row.present])).toEqual([
      [a, false],
      [b, false],
      [x, false],
    ]);
    expect((await record(a)).state.values['mentorId']).toBe('m1');
    expect((await record(a)).lastScopes).toEqual(['mentor:m1']);
    expect(await problems()).toEqual([]);
  });

  test('[SV3] four statements on one row in one transaction: four revisions, one feed row', async () => {
    const [a = ''] = ids('a');
    await together(
      `INSERT INTO contacts (id, name, "mentorId") VALUES ('${a}', '1', 'm1')`,
      `UPDATE contacts SET name = '2' WHERE id = '${a}'`,
      `UPDATE contacts SET name = '3' WHERE id = '${a}'`,
      `UPDATE contacts SET phone = '4' WHERE id = '${a}'`,
    );
    expect(await count(a)).toBe(4);
    expect((await read(['mentor:m1'])).rows).toHaveLength(1);
    expect(await problems()).toEqual([]);
  });

  test('[SV4] insert, update, delete and insert again in one transaction', async () => {
    const [a = '', b = ''] = ids('a', 'b');
    const since = await cursor('mentor:m1', 'mentor:m2');
    await together(
      `INSERT INTO contacts (id, name, "mentorId") VALUES ('${a}', '1', 'm1'), ('${b}', '1', 'm1')`,
      `UPDATE contacts SET name = '2'`,
      `DELETE FROM contacts`,
      `INSERT INTO contacts (id, name, "mentorId") VALUES ('${a}', '3', 'm2')`,
    );
    expect([await count(a), await count(b)]).toEqual([4, 3]);
    const rows = (await read(['mentor:m1', 'mentor:m2'], since)).rows;
    expect(rows.filter((row) => row.present).map((row) => [row.id, row.scope])).toEqual([[a, 'mentor:m2']]);
    expect(await problems()).toEqual([]);
  });

  test('[SV4] what a savepoint takes back never was', async () => {
    const [a = '', b = ''] = ids('a', 'b');
    await contacts([a, 'm1']);
    await together(
      'SAVEPOINT s',
      `UPDATE contacts SET "mentorId" = 'm2', name = 'x' WHERE id = '${a}'`,
      `INSERT INTO contacts (id, name, "mentorId") VALUES ('${b}', 'x', 'm2')`,
      'ROLLBACK TO SAVEPOINT s',
      `UPDATE contacts SET phone = '1' WHERE id = '${a}'`,
    );
    expect(await count(a)).toBe(2);
    expect(Object.keys((await record(a)).state.marks)).toEqual(['phone']);
    expect(await problems()).toEqual([]);
  });

  test('[SV4] several statements that write, joined by WITH', async () => {
    const [a = '', b = '', c = '', x = ''] = ids('a', 'b', 'c', 'x');
    await contacts([a, 'm1'], [b, 'm1']);
    await run(`WITH gone AS (DELETE FROM contacts WHERE id = '${a}' RETURNING name),
      moved AS (UPDATE contacts SET "mentorId" = 'm2' WHERE id = '${b}' RETURNING id),
      child AS (INSERT INTO activities SELECT '${x}', id, 'k', 1 FROM moved RETURNING id)
      INSERT INTO contacts (id, name, "mentorId") SELECT '${c}', name, 'm3' FROM gone`);
    expect([await count(a), await count(b), await count(c)]).toEqual([2, 2, 1]);
    expect(await problems()).toEqual([]);
  });

  test('[SV4] triggers of the app that change, delete and re-insert the same rows', async () => {
    const [a = '', b = '', c = ''] = ids('a', 'b', 'c');
    await db.transaction(async (session) => {
      await session.script(`CREATE FUNCTION app_meddle() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.name = 'change' THEN UPDATE contacts SET region = 'r', name = 'changed' WHERE id = NEW.id; END IF;
          IF NEW.name = 'delete' THEN DELETE FROM contacts WHERE id = NEW.id; END IF;
          IF NEW.name = 'again' THEN
            DELETE FROM contacts WHERE id = NEW.id;
            INSERT INTO contacts (id, name, "mentorId") VALUES (NEW.id, 'new', 'm9');
          END IF;
          RETURN NULL;
        END $$;
        CREATE TRIGGER app_meddle AFTER INSERT OR UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION app_meddle();`);
    });
    try {
      await run(`INSERT INTO contacts (id, name, "mentorId") VALUES
        ('${a}', 'change', 'm1'), ('${b}', 'delete', 'm1'), ('${c}', 'again', 'm1')`);
      expect(await problems()).toEqual([]);
      expect((await record(a)).scopes).toEqual(['mentor:m1', 'region:r']);
      await run(`UPDATE contacts SET name = CASE id WHEN '${a}' THEN 'delete' ELSE 'again' END`);
      expect(await problems()).toEqual([]);
    } finally {
      await run('DROP FUNCTION app_meddle CASCADE');
    }
  });

  test('[SV4] cascades of delete and of update', async () => {
    const [a = '', b = '', x = '', y = ''] = ids('a', 'b', 'x', 'y');
    await run(`ALTER TABLE activities ADD CONSTRAINT app_parent FOREIGN KEY ("contactId") REFERENCES contacts (id)
      ON DELETE CASCADE ON UPDATE CASCADE`);
    try {
      await contacts([a, 'm1'], [b, 'm2']);
      await run(`INSERT INTO activities VALUES ('${x}', '${a}', 'k', 1), ('${y}', '${b}', 'k', 1)`);
      await run(`UPDATE contacts SET id = '${a}.moved' WHERE id = '${a}'`);
      expect((await record(x, 'activities')).state.values['contactId']).toBe(`${a}.moved`);
      expect(await problems()).toEqual([]);
      await run(`DELETE FROM contacts WHERE id = '${b}'`);
      expect((await record(y, 'activities')).state.deleted).not.toBeNull();
      expect(await problems()).toEqual([]);
      await run('TRUNCATE contacts CASCADE');
      expect(await problems()).toEqual([]);
    } finally {
      await run('ALTER TABLE activities DROP CONSTRAINT app_parent');
    }
  });

  test('[SV4] triggers fire in every replication role', async () => {
    const [a = ''] = ids('a');
    await together(
      'SET LOCAL session_replication_role = replica',
      `INSERT INTO contacts (id, name, "mentorId") VALUES ('${a}', '1', 'm1')`,
    );
    expect(await problems()).toEqual([]);
  });

  test('[SV4] a row written while triggers were off is taken in by the next change', async () => {
    const [a = ''] = ids('a');
    await together(
      'ALTER TABLE contacts DISABLE TRIGGER USER',
      `INSERT INTO contacts (id, name, "mentorId") VALUES ('${a}', '1', 'm1')`,
      'ALTER TABLE contacts ENABLE ALWAYS TRIGGER hf_insert',
      'ALTER TABLE contacts ENABLE ALWAYS TRIGGER hf_update',
      'ALTER TABLE contacts ENABLE ALWAYS TRIGGER hf_delete',
      'ALTER TABLE contacts ENABLE ALWAYS TRIGGER hf_truncate',
      'ALTER TABLE contacts ENABLE ALWAYS TRIGGER hf_truncating',
    );
    expect(await problems()).not.toEqual([]);
    await run('UPDATE contacts SET phone = phone');
    expect(await problems()).toEqual([]);
  });

  test('[SV5] under a snapshot of its own nobody moves what inherits its scopes', async () => {
    const [a = '', x = ''] = ids('a', 'x');
    await contacts([a, 'm1']);
    await run(`INSERT INTO activities VALUES ('${x}', '${a}', 'k', 1)`);
    for (const level of ['REPEATABLE READ', 'SERIALIZABLE']) {
      const under = (text: string) => together(`SET TRANSACTION ISOLATION LEVEL ${level}`, text);
      await expect(under(`UPDATE contacts SET "mentorId" = 'm2'`)).rejects.toMatchObject({ code: '40001' });
      await expect(under('DELETE FROM contacts')).rejects.toMatchObject({ code: '40001' });
      await expect(under('TRUNCATE contacts')).rejects.toMatchObject({ code: '40001' });
      await under(`UPDATE contacts SET name = '${level}'`);
      await under(`INSERT INTO contacts (id, name, "mentorId") VALUES ('${a}.${level.length}', 'x', 'm1')`);
    }
    expect(await problems()).toEqual([]);
  });

  test('[SV4] random statements of every kind leave the sidecars right', async () => {
    for (let seed = 1; seed <= 4; seed += 1) {
      const random = generator(seed);
      const pick = (n: number) => Math.floor(random() * n);
      const some = () => `id = ANY('{${Array.from({ length: 1 + pick(3) }, () => `q${pick(6)}`).join()}}')`;
      const mentor = () => (random() < 0.1 ? 'NULL' : `'m${pick(3)}'`);
      const statement = (): string => {
        switch (pick(9)) {
          case 0:
            return `INSERT INTO contacts (id, name, "mentorId") SELECT 'q' || g, 'x', ${mentor()}
              FROM generate_series(${pick(3)}, ${3 + pick(3)}) g ON CONFLICT (id) DO UPDATE SET "mentorId" = excluded."mentorId"`;
          case 1:
            return `UPDATE contacts SET "mentorId" = ${mentor()} WHERE ${some()}`;
          case 2:
            return `UPDATE contacts SET name = 'y${pick(9)}', region = 'r${pick(2)}' WHERE ${some()}`;
          case 3:
            return `DELETE FROM contacts WHERE ${some()}`;
          case 4:
            return `INSERT INTO activities SELECT 'q' || g, 'q${pick(6)}', 'k', 1 FROM generate_series(0, ${pick(5)}) g
              ON CONFLICT (id) DO UPDATE SET "contactId" = excluded."contactId", minutes = ${pick(9)}`;
          case 5:
            return `UPDATE activities SET "contactId" = 'q${pick(6)}' WHERE ${some()}`;
          case 6:
            return `DELETE FROM activities WHERE ${some()}`;
          case 7:
            return `UPDATE contacts SET id = 'q' || (${pick(6)} + 10 * ${pick(2)}) WHERE id = 'q${pick(6)}'
              AND NOT EXISTS (SELECT FROM contacts c WHERE c.id LIKE 'q%')`;
          default:
            return random() < 0.1 ? 'TRUNCATE contacts' : `UPDATE activities SET minutes = ${pick(99)}`;
        }
      };
      for (let step = 0; step < 30; step += 1) {
        const texts = Array.from({ length: 1 + pick(3) }, statement);
        await together(...texts);
        expect(await problems(), `seed ${seed}, step ${step}: ${texts.join('; ')}`).toEqual([]);
      }
    }
  });
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    // xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

describe('plain SQL on PGlite', () => plainSql(() => openPglite(null)));

await onPostgres('plain SQL on Postgres', (database) =>
  plainSql(() => connectPostgres({ connectionString: database().connectionString })),
);
