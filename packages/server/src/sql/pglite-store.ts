import { statfs } from 'node:fs/promises';
import { HoldfastError, type Schema } from '@holdfast/core';
import { claimDataFolder } from '../node/data-folder.ts';
import type { ServerStore } from '../store/server-store.ts';
import { openPglite } from './pglite-database.ts';
import type { SqlDatabase } from './sql-database.ts';
import { openSqlStore, type SqlStoreDeps } from './sql-store.ts';

export interface PgliteStoreOptions extends SqlStoreDeps {
  readonly schema: Schema;
  /** Where the data is kept; null keeps it in memory, for tests. One process at a time may open it. */
  readonly folder: string | null;
}

/**
 * Opens the store on PGlite, a Postgres inside this process, for trying out and for tests: it runs without
 * fsync, so a power failure can take what was acknowledged.
 *
 * @throws HoldfastError `DataFolderBusy`, `DataFolderFull`, `DataFolderReadOnly`, `DataFolderVersion`, `DatabaseMismatch`
 */
export async function pgliteStore(options: PgliteStoreOptions): Promise<ServerStore> {
  const { folder, schema } = options;
  if (folder === null) return openSqlStore(await openPglite(null), schema, 'public', options);
  const claim = await claimDataFolder(folder, options.clock);
  try {
    const db = await openPglite(claim.database);
    return await openSqlStore(releasing(db, claim.release), schema, 'public', options);
  } catch (error) {
    await claim.release();
    throw await namedFailure(folder, error);
  }
}

const LEAST_ROOM_BYTES = 64 * 1024 * 1024;

/** PGlite ends with codes and objects of its own where Postgres would say what is the matter. */
async function namedFailure(folder: string, cause: unknown): Promise<unknown> {
  if (cause instanceof HoldfastError) return cause;
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < LEAST_ROOM_BYTES) return new HoldfastError('DataFolderFull', folder, { cause });
  if (cause instanceof Error) return cause;
  return new HoldfastError('DatabaseUnreachable', `PGlite did not start in ${folder}: ${JSON.stringify(cause)}`, {
    cause,
  });
}

/** The folder is free once the database is closed. */
function releasing(db: SqlDatabase, release: () => Promise<void>): SqlDatabase {
  return {
    kind: db.kind,
    query: (text, parameters) => db.query(text, parameters),
    transaction: (work) => db.transaction(work),
    listen: (channel, onPayload) => db.listen(channel, onPayload),
    close: async () => {
      await db.close();
      await release();
    },
  };
}
