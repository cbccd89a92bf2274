import type { Scope, UserId } from '@holdfast/core';

/** Who asks, by what a token proves; nothing a device says about itself is in here (SV5). */
export interface Principal {
  readonly user: UserId;
  /** The authority of CF6, and what `writers` of a collection are compared with. */
  readonly role: string | null;
  /** Every scope this user may read and write. */
  readonly scopes: readonly Scope[];
}
