import { HoldfastError, invariant, must } from '@holdfast/core';
import pg from 'pg';
import { parseInt8 } from './parse-int8.ts';
import {
  BEGIN,
  type SqlDatabase,
  type SqlParameter,
  type SqlResult,
  type SqlSession,
  sqlState,
} from './sql-database.ts';

const INT8 = 20;
const DATE = 1082;
const TIMESTAMPS = [1114, 1184];
const RECONNECT_MS = 1_000;

export interface PostgresOptions {
  readonly connectionString: string;
  /** Connections at the most, the listening one not counted. Default 10. */
  readonly connections?: number;
}

type Parser = (text: string) => unknown;

const asText: Parser = (text) => text;

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (oid === INT8) return parseInt8 as never;
    if (oid === DATE || TIMESTAMPS.includes(oid)) return asText as never;
    return pg.types.getTypeParser(oid, format as 'text') as never;
  },
};

/**
 * Connects to a Postgres server.
 *
 * @throws HoldfastError `DatabaseUnreachable`
 */
export async function connectPostgres(options: PostgresOptions): Promise<SqlDatabase> {
  const config: pg.ClientConfig = {
    connectionString: options.connectionString,
    types,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'holdfast',
    // A transaction nobody continues must not hold locks for ever (hazard A4).
    idle_in_transaction_session_timeout: 60_000,
    lock_timeout: 20_000,
    // Compiling a statement takes longer than any of ours runs, and estimates of arrays make the server try.
    options: '-c jit=off',
  };
  const pool = new pg.Pool({ ...config, max: options.connections ?? 10 });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => {});
  try {
    await pool.query('SELECT 1');
  } catch (cause) {
    await pool.end();
    throw new HoldfastError('DatabaseUnreachable', cause instanceof Error ? cause.message : undefined, { cause });
  }
  return new PostgresDatabase(pool, config);
}

class PostgresDatabase implements SqlDatabase {
  readonly kind = 'postgres';
  readonly #pool: pg.Pool;
  readonly #config: pg.ClientConfig;
  readonly #listeners: Listener[] = [];

  constructor(pool: pg.Pool, config: pg.ClientConfig) {
    this.#pool = pool;
    this.#config = config;
  }

  async query(text: string, parameters: readonly SqlParameter[] = []): Promise<SqlResult> {
    return resultOf(await reached(this.#pool.query(text, [...parameters])));
  }

  async transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const client = await reached(this.#pool.connect());
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    client.on('error', onError);
    try {
      await client.query(BEGIN);
      const value = await work(sessionOf(client));
      // A transaction in which something failed unseen answers COMMIT with a rollback, and no error.
      const { command } = await client.query('COMMIT');
      invariant(command === 'COMMIT', 'a transaction went on after one of its statements had failed');
      return value;
    } catch (error) {
      // A session that cannot even roll back is thrown away.
      await client.query('ROLLBACK').catch((failure: Error) => {
        broken ??= failure;
      });
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<void> {
    const listener = new Listener(this.#config, channel, onPayload);
    this.#listeners.push(listener);
    await listener.start();
  }

  async close(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.stop()));
    await this.#pool.end();
  }
}

/** A failure without an SQL state is one of the way to the database, and passes. */
async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (sqlState(cause) !== null) throw cause;
    throw new HoldfastError('DatabaseUnreachable', cause instanceof Error ? cause.message : undefined, { cause });
  }
}

function sessionOf(client: pg.PoolClient): SqlSession {
  return {
    query: async (text, parameters = []) => resultOf(await client.query(text, [...parameters])),
    script: async (text) => {
      await client.query(text);
    },
  };
}

function resultOf(result: pg.QueryResult): SqlResult {
  return { rows: result.rows as Record<string, unknown>[], affected: result.rowCount ?? 0 };
}

/** A connection of its own that listens, and is made again when it breaks. */
class Listener {
  readonly #config: pg.ClientConfig;
  readonly #channel: string;
  readonly #onPayload: (payload: string) => void;
  #client: pg.Client | null = null;
  #retry: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(config: pg.ClientConfig, channel: string, onPayload: (payload: string) => void) {
    this.#config = config;
    this.#channel = channel;
    this.#onPayload = onPayload;
  }

  async start(): Promise<void> {
    const client = new pg.Client(this.#config);
    this.#client = client;
    client.on('error', () => this.#again(client));
    client.on('end', () => this.#again(client));
    client.on('notification', (message) => this.#onPayload(message.payload ?? ''));
    await client.connect();
    await client.query(`LISTEN ${must(pg.escapeIdentifier(this.#channel), 'the channel')}`);
  }

  #again(client: pg.Client): void {
    if (this.#stopped || this.#client !== client || this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      client.end().catch(() => {});
      this.start().catch(() => {
        if (this.#client) this.#again(this.#client);
      });
    }, RECONNECT_MS);
    this.#retry.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.#client?.end().catch(() => {});
  }
}
