import { SQLITE_ROW } from '@journeyapps/wa-sqlite/src/sqlite-constants.js';
import type { SqlRow, SqlValue } from '../../ports/storage-driver.ts';
import type { SqliteConnection } from '../sqlite/sqlite-connection.ts';
import { StatementCache } from '../sqlite/statement-cache.ts';
import type { StoreMoment } from '../sqlite/store-error.ts';
import { Turns } from '../sqlite/turns.ts';
import { toBrowserStoreError } from './browser-error.ts';
import type { LoadedSqlite } from './load-sqlite.ts';

const CHANGES_ROWS = /^\s*(insert|update|delete|replace|with)\b/i;

/**
 * A connection of wa-sqlite. Its steps are asynchronous and cannot be entered twice, so that calls
 * queue here too.
 */
export class WaConnection implements SqliteConnection {
  readonly #loaded: LoadedSqlite;
  readonly #sqlite3: SQLiteAPI;
  readonly #db: number;
  readonly #statements = new StatementCache<number>();
  readonly #turns = new Turns();

  constructor(loaded: LoadedSqlite, db: number) {
    this.#loaded = loaded;
    this.#sqlite3 = loaded.sqlite3;
    this.#db = db;
  }

  get inTransaction(): boolean {
    return this.#sqlite3.get_autocommit(this.#db) === 0;
  }

  all(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return this.#withStatement(sql, async (statement) => {
      this.#bind(statement, parameters);
      const rows: SqlRow[] = [];
      let names: readonly string[] | null = null;
      while ((await this.#sqlite3.step(statement)) === SQLITE_ROW) {
        // Only now: the first step prepares anew when a table has changed.
        names ??= this.#sqlite3.column_names(statement);
        rows.push(this.#row(statement, names));
      }
      return rows;
    });
  }

  run(sql: string, parameters: readonly SqlValue[]): Promise<number> {
    return this.#withStatement(sql, async (statement) => {
      this.#bind(statement, parameters);
      await this.#finish(statement);
      return CHANGES_ROWS.test(sql) ? this.#sqlite3.changes(this.#db) : 0;
    });
  }

  runMany(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    return this.#withStatement(sql, async (statement) => {
      for (const row of rows) {
        this.#bind(statement, row);
        await this.#finish(statement);
        await this.#sqlite3.reset(statement);
      }
    });
  }

  close(): Promise<void> {
    return this.#turns.take(() =>
      withBrowserErrors('open', async () => {
        for (const statement of this.#statements.drain()) await this.#sqlite3.finalize(statement);
        await this.#sqlite3.close(this.#db);
        this.#loaded.dispose();
      }),
    );
  }

  #withStatement<T>(sql: string, use: (statement: number) => Promise<T>): Promise<T> {
    return this.#turns.take(() =>
      withBrowserErrors('open', async () => {
        const statement = await this.#statement(sql);
        try {
          return await use(statement);
        } finally {
          // After a failed step it only repeats that failure.
          await this.#sqlite3.reset(statement).catch(() => 0);
        }
      }),
    );
  }

  async #statement(sql: string): Promise<number> {
    const known = this.#statements.find(sql);
    if (known !== undefined) return known;
    for await (const statement of this.#sqlite3.statements(this.#db, sql, { unscoped: true })) {
      const oldest = this.#statements.keep(sql, statement);
      if (oldest !== undefined) await this.#sqlite3.finalize(oldest);
      return statement;
    }
    throw new Error('there is no statement in this SQL');
  }

  #bind(statement: number, parameters: readonly SqlValue[]): void {
    parameters.forEach((value, i) => {
      if (value instanceof Uint8Array && value.length === 0) this.#loaded.bindEmptyBlob(statement, i + 1);
      else this.#sqlite3.bind(statement, i + 1, toWa(value));
    });
  }

  async #finish(statement: number): Promise<void> {
    while ((await this.#sqlite3.step(statement)) === SQLITE_ROW);
  }

  #row(statement: number, names: readonly string[]): SqlRow {
    const row: Record<string, SqlValue> = {};
    for (const [i, name] of names.entries()) row[name] = fromWa(this.#sqlite3.column(statement, i));
    return row;
  }
}

/** Runs `work` so that an error of SQLite or the browser comes out as the store's own. */
export async function withBrowserErrors<T>(moment: StoreMoment, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toBrowserStoreError(error, moment);
  }
}

/** wa-sqlite binds a number beyond 32 bits as a REAL, unless it is a bigint. */
function toWa(value: SqlValue): SQLiteCompatibleType {
  return typeof value === 'number' && Number.isSafeInteger(value) && (value | 0) !== value ? BigInt(value) : value;
}

/** Bytes come as a window on SQLite's memory, good until the next step. */
function fromWa(value: SQLiteCompatibleType): SqlValue {
  if (value instanceof Uint8Array) return value.slice();
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return new Uint8Array(value);
  return value;
}
