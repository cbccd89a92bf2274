import { PGlite, types } from '@electric-sql/pglite';
import { parseInt8 } from './parse-int8.ts';
import type { SqlDatabase, SqlParameter, SqlResult, SqlSession } from './sql-database.ts';

const asText = (text: string): string => text;

/** Opens PGlite over a folder, or in memory with null. It has one session: transactions wait their turn. */
export async function openPglite(folder: string | null): Promise<SqlDatabase> {
  const parsers = {
    [types.INT8]: parseInt8,
    [types.DATE]: asText,
    [types.TIMESTAMP]: asText,
    [types.TIMESTAMPTZ]: asText,
  };
  const db = folder === null ? await PGlite.create({ parsers }) : await PGlite.create(folder, { parsers });
  return new PgliteDatabase(db);
}

/** What a PGlite instance and its transactions have in common. */
interface Runs {
  query(text: string, parameters?: unknown[]): Promise<{ rows: unknown[]; affectedRows?: number }>;
}

class PgliteDatabase implements SqlDatabase {
  readonly kind = 'pglite';
  readonly #db: PGlite;

  constructor(db: PGlite) {
    this.#db = db;
  }

  query(text: string, parameters: readonly SqlParameter[] = []): Promise<SqlResult> {
    return run(this.#db, text, parameters);
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#db.transaction(async (tx) => {
      // PGlite has begun with the session's default, which is READ COMMITTED.
      await tx.exec("SET LOCAL hf.ctx = ''");
      const value = await work({
        query: (text, parameters = []) => run(tx, text, parameters),
        script: async (text) => {
          await tx.exec(text);
        },
      });
      // Fails where a statement failed unseen: the commit itself would roll back and say nothing.
      await tx.query('SELECT 1');
      return value;
    });
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<void> {
    await this.#db.listen(`"${channel}"`, onPayload);
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

async function run(db: Runs, text: string, parameters: readonly SqlParameter[]): Promise<SqlResult> {
  const result = await db.query(text, [...parameters]);
  return { rows: result.rows as Record<string, unknown>[], affected: result.affectedRows ?? 0 };
}
