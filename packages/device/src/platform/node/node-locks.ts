import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import type { Locks, Timers } from '../../ports/platform.ts';
import { retryBusy } from '../sqlite/retry-busy.ts';
import { Turns } from '../sqlite/turns.ts';
import { withStoreErrors } from './node-connection.ts';
import { shortHash } from './node-store-folder.ts';

/** Inside the process, waiting is a queue: one for each lock file. */
const queues = new Map<string, Turns>();

/**
 * Locks over all processes that use the folder. SQLite's exclusive lock on an empty file does the
 * work: the operating system frees it when its holder dies.
 */
export function nodeLocks(folder: string, timers: Timers): Locks {
  const locks = join(folder, 'locks');
  return {
    exclusive(name, work, signal) {
      const file = join(locks, shortHash(name));
      const queue = queues.get(file) ?? new Turns();
      queues.set(file, queue);
      return queue.take(async () => {
        mkdirSync(locks, { recursive: true, mode: 0o700 });
        const held = await retryBusy({ timers, boundMs: Number.POSITIVE_INFINITY }, () => {
          signal?.throwIfAborted();
          return lock(file);
        });
        try {
          return await work();
        } finally {
          held.close();
        }
      });
    },
  };
}

function lock(file: string): Database.Database {
  return withStoreErrors('opening', () => {
    const db = new Database(file, { timeout: 0 });
    try {
      db.exec('BEGIN EXCLUSIVE');
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}
