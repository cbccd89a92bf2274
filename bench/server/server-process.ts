import { randomBytes, randomUUID } from 'node:crypto';
import { createHandler, jwtAuth, pgliteStore, postgresStore, type ServerStore, serve } from '@holdfast/server';
import { benchChecklist, benchSchema, benchVisit, MENTORS } from '../lib/bench-schema.ts';
import { answerCalls } from '../lib/calls.ts';
import { bareRoutes, createBareTable, insertBare } from './bare-routes.ts';
import { type BenchDatabase, benchDatabase } from './bench-database.ts';

const FILL_AT_ONCE = 1_000;

interface Running {
  readonly store: ServerStore;
  readonly database: BenchDatabase;
  readonly ids: string[];
  stop(): Promise<void>;
}

let running: Running | null = null;

const server = () => {
  if (running === null) throw new Error('the server is not started');
  return running;
};

const calls = {
  /** A server with that many records in one user's scopes, and the same rows in a bare table. */
  async start(records: number) {
    const clock = { now: () => Date.now() };
    const random = { bytes: (length: number) => randomBytes(length), fraction: () => Math.random() };
    const database = await benchDatabase();
    const { connectionString } = database;
    const common = { schema: benchSchema, clock, random };
    const store =
      connectionString === null
        ? await pgliteStore({ ...common, folder: null })
        : await postgresStore({ ...common, connectionString });
    await createBareTable(database.bare);
    const auth = jwtAuth({ secret: randomBytes(32).toString('hex'), clock, tokenSeconds: 86_400 });
    const fallback = bareRoutes(database.bare);
    const handler = createHandler({ store, schema: benchSchema, auth, clock, fallback });
    const http = await serve({ handler, port: 0 });
    const scopes = Array.from({ length: MENTORS }, (_, number) => `mentor:m${number}`);
    const token = await auth.sign?.({ user: 'bench', role: 'mentor', scopes });
    if (token === undefined) throw new Error('the server signs no tokens');
    const ids: string[] = [];
    running = {
      store,
      database,
      ids,
      async stop() {
        handler.close();
        await http.stop();
        await store.close();
        await database.end();
      },
    };
    for (let from = 0; from < records; from += FILL_AT_ONCE) {
      const rows = Array.from({ length: Math.min(FILL_AT_ONCE, records - from) }, (_, index) => ({
        id: randomUUID(),
        values: benchVisit(from + index),
      }));
      await store.importRows('visits', rows);
      await insertBare(database.bare, JSON.stringify(rows.map(({ id, values }) => ({ id, ...values }))));
      ids.push(...rows.map(({ id }) => id));
    }
    // As a database has it that has been up for a while.
    if (database.kind === 'postgres') await database.bare.query('VACUUM ANALYZE');
    return { port: http.port, token, kind: store.kind };
  },
  /** One field of so many records, changed by another program; in the bare table, too. */
  async change(records: number, round: number) {
    const { ids, database, store } = server();
    const step = Math.floor(ids.length / records);
    const numbers = Array.from({ length: records }, (_, index) => (index * step + round) % ids.length);
    const chosen = numbers.map((number) => ids[number] ?? '');
    await store.importRows(
      'visits',
      numbers.map((number, index) => ({
        id: ids[number] ?? '',
        values: { ...benchVisit(number), minutes: 100 + round * 1_000 + index },
      })),
    );
    await database.bare.query(
      `UPDATE bare.visits v SET minutes = 100 + $2 * 1000 + p.place - 1, changed = $2
       FROM unnest($1::text[]) WITH ORDINALITY p(id, place) WHERE v.id = p.id`,
      [chosen, round],
    );
  },
  /** Lists that several people share. Gives their ids. */
  async addChecklists(count: number) {
    const rows = Array.from({ length: count }, (_, number) => ({ id: randomUUID(), values: benchChecklist(number) }));
    await server().store.importRows('checklists', rows);
    return rows.map(({ id }) => id);
  },
  counts: () => server().store.counts(),
};

export type ServerCalls = typeof calls;

answerCalls(calls, () => running?.stop());
