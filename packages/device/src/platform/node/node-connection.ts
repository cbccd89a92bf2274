import { invariant } from '@holdfast/core';
import Database from 'better-sqlite3-multiple-ciphers';
import type { SqlRow, SqlValue } from '../../ports/storage-driver.ts';
import type { SqliteConnection } from '../sqlite/sqlite-connection.ts';
import { StatementCache } from '../sqlite/statement-cache.ts';
import { type StoreMoment, toStoreError } from '../sqlite/store-error.ts';

type Statement = Database.Statement<unknown[], Record<string, SqlValue>>;

/** A connection of better-sqlite3. */
export class NodeConnection implements SqliteConnection {
  readonly #db: Database.Database;
  readonly #statements = new StatementCache<Statement>();

  constructor(db: Database.Database) {
    this.#db = db;
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction;
  }

  all(sql: string, parameters: readonly SqlValue[]): readonly SqlRow[] {
    return withStoreErrors('open', () => {
      const statement = this.#statement(sql);
      invariant(statement.readonly, '`all` is for statements that only read');
      return withPlainBytes(statement.all(parameters.map(toNative)));
    });
  }

  run(sql: string, parameters: readonly SqlValue[]): number {
    return withStoreErrors('open', () => this.#statement(sql).run(parameters.map(toNative)).changes);
  }

  runMany(sql: string, rows: readonly (readonly SqlValue[])[]): void {
    withStoreErrors('open', () => {
      const statement = this.#statement(sql);
      for (const row of rows) statement.run(row.map(toNative));
    });
  }

  close(): void {
    withStoreErrors('open', () => this.#db.close());
  }

  #statement(sql: string): Statement {
    const known = this.#statements.find(sql);
    if (known) return known;
    const made = this.#db.prepare<unknown[], Record<string, SqlValue>>(sql);
    this.#statements.keep(sql, made);
    return made;
  }
}

/** Runs `work` so that an error of SQLite comes out as the store's own. */
export function withStoreErrors<T>(moment: StoreMoment, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Database.SqliteError ? toStoreError(error, error.code, moment) : error;
  }
}

/** better-sqlite3 binds every number as a REAL; only a bigint becomes an INTEGER. */
function toNative(value: SqlValue): SqlValue | bigint {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

/** Node's Buffer stays inside: other platforms give plain bytes. */
function withPlainBytes(rows: Record<string, SqlValue>[]): readonly SqlRow[] {
  const names = Object.keys(rows[0] ?? {});
  for (const row of rows) {
    for (const name of names) {
      const value = row[name];
      if (value instanceof Uint8Array) row[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
  }
  return rows;
}
