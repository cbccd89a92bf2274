import type { Schema } from '@holdfast/core';
import type { SyncOptions } from '../sync/sync-loop.ts';

/** Where the server is, and how to get a token for it. */
export interface ServerAddress {
  /** Such as `https://sync.example.org`. */
  readonly url: string;
  /** A token, or null while there is none: the device then says `needs-auth` and keeps everything. */
  readonly token: () => Promise<string | null> | string | null;
}

/** What every platform's `openDevice` takes. */
export interface OpenOptions<S extends Schema> {
  readonly schema: S;
  /** Whose store: every user of a device has one of their own, with keys of its own. */
  readonly user: { readonly id: string };
  readonly backend: ServerAddress;
  readonly sync?: Partial<SyncOptions>;
}
