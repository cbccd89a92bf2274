/** How concurrent writes to one field are settled. `authority` lists roles, highest first (CF6). */
export type ConflictPolicy =
  | { readonly kind: 'lastWriteWins'; readonly authority: readonly string[] }
  | { readonly kind: 'serverWins' }
  | { readonly kind: 'manual' };

/** CF9: a delete and an update that had not seen each other. */
export type DeletePolicy = 'manual' | 'deleteWins' | 'updateWins';

/** CF5: of concurrent writes the later stamp wins, field by field; with ranks, the higher role. */
export function lastWriteWins(options: { authority?: readonly string[] } = {}): ConflictPolicy {
  return { kind: 'lastWriteWins', authority: options.authority ?? [] };
}

/** CF4: the server's value stays; the value that lost is audited. */
export function serverWins(): ConflictPolicy {
  return { kind: 'serverWins' };
}

/** CF7: neither value is overwritten; a person decides. */
export function manual(): ConflictPolicy {
  return { kind: 'manual' };
}
