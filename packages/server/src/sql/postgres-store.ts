import { HoldfastError, type Schema } from '@holdfast/core';
import type { ServerStore } from '../store/server-store.ts';
import { connectPostgres } from './postgres-database.ts';
import { openSqlStore, type SqlStoreDeps } from './sql-store.ts';

export interface PostgresStoreOptions extends SqlStoreDeps {
  readonly connectionString: string;
  readonly schema: Schema;
  /** The Postgres schema that the tables are in; made if it is not there. Default `public`. */
  readonly pgSchema?: string;
  /** Connections at the most, besides the one that listens for news. Default 10. */
  readonly connections?: number;
}

const PG_SCHEMA = /^[a-z_][a-z0-9_]{0,49}$/;

/**
 * Opens the store on a Postgres server, 14 or newer, and makes there what is missing. Give the server a
 * role of its own: what that role writes in plain SQL is not told from what the server writes.
 *
 * @throws HoldfastError `DatabaseUnreachable`, `DatabaseMismatch`
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<ServerStore> {
  const { connectionString, schema, pgSchema = 'public', connections } = options;
  if (!PG_SCHEMA.test(pgSchema)) {
    throw new HoldfastError('DatabaseMismatch', `"${pgSchema}" is not the name of a Postgres schema`);
  }
  const db = await connectPostgres({ connectionString, ...(connections === undefined ? {} : { connections }) });
  try {
    return await openSqlStore(db, schema, pgSchema, options);
  } catch (error) {
    await db.close();
    throw error;
  }
}
