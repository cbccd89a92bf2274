import type { Schema } from '@holdfast/core';
import type { WriteHooks } from '../device.ts';
import type { HoldOption } from '../hold/hold.ts';
import type { AnswerClasses } from '../link/answer-class.ts';
import type { TokenSupplier } from '../link/tokens.ts';
import type { SyncOptions } from '../sync/sync-loop.ts';

/** Where the server is, and how to get a token for it. */
export interface ServerAddress {
  /** Such as `https://sync.example.org`; several addresses of one server, the best first (NW3). */
  readonly url: string | readonly string[];
  /**
   * A token, or null while there is none: the device then says `needs-auth` and keeps everything. It is
   * asked again, with `refresh`, when the server did not take the last one: by one tab for all.
   */
  readonly token: TokenSupplier;
  /** What the app takes an answer for, by error code or status, where it knows better (NW5). */
  readonly classes?: AnswerClasses;
}

/** What every platform's `openDevice` takes. */
export interface OpenOptions<S extends Schema> {
  readonly schema: S;
  /** Whose store: every user of a device has one of their own, with keys of its own. */
  readonly user: { readonly id: string };
  readonly backend: ServerAddress;
  readonly sync?: Partial<SyncOptions>;
  /** What the device holds of all that its user may see (SY14). Default: everything. */
  readonly hold?: HoldOption<S>;
  /** What the app does before and after each write. */
  readonly hooks?: WriteHooks;
}
