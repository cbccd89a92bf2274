import { randomBytes } from 'node:crypto';
import { openPglite } from '../../packages/server/src/sql/pglite-database.ts';
import { connectPostgres } from '../../packages/server/src/sql/postgres-database.ts';
import type { SqlDatabase } from '../../packages/server/src/sql/sql-database.ts';

const SERVER = process.env['HOLDFAST_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** Where the server of a bench keeps its data. The bare floor has tables of its own in the same place. */
export interface BenchDatabase {
  readonly kind: 'postgres' | 'pglite';
  /** Null for PGlite in memory. */
  readonly connectionString: string | null;
  /** For the floor: the same database by the same driver; with PGlite one of its own. */
  readonly bare: SqlDatabase;
  end(): Promise<void>;
}

/** A fresh database on the Postgres of the tests, or PGlite where none answers. */
export async function benchDatabase(): Promise<BenchDatabase> {
  const server = await connectPostgres({ connectionString: SERVER, connections: 1 }).catch(() => null);
  if (server === null) {
    const bare = await openPglite(null);
    return { kind: 'pglite', connectionString: null, bare, end: () => bare.close() };
  }
  const name = `hf_bench_${randomBytes(6).toString('hex')}`;
  await server.query(`CREATE DATABASE ${name}`);
  const address = new URL(SERVER);
  address.pathname = `/${name}`;
  const bare = await connectPostgres({ connectionString: address.href });
  return {
    kind: 'postgres',
    connectionString: address.href,
    bare,
    async end() {
      await bare.close();
      await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await server.close();
    },
  };
}
