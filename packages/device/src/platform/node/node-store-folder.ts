import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

export interface NodeStoreOptions {
  /** Where the app keeps its stores; made if it is missing. */
  readonly folder: string;
  readonly user: string;
}

/** A folder for each user, under a name that any file system takes and that does not tell who it is. */
export function nodeStoreFolder({ folder, user }: NodeStoreOptions): string {
  return join(resolve(folder), shortHash(user));
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
