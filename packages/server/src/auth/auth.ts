import type { Result } from '@holdfast/core';
import type { Principal } from './principal.ts';

/** What a valid token proves, and until when. */
export interface Session {
  readonly principal: Principal;
  /** Milliseconds since 1970; null for a token without an end. */
  readonly expiresAt: number | null;
}

/** Why a token is not one; in words, for the log and the answer. */
export interface AuthProblem {
  readonly detail: string;
}

/** Who may come in. Never throws for what a token holds. */
export interface Auth {
  authenticate(token: string): Promise<Result<Session, AuthProblem>>;
  /** Makes a token that `authenticate` takes; only where the key for it is here. */
  sign?(claims: TokenClaims): Promise<string>;
}

export interface TokenClaims {
  readonly user: string;
  readonly role: string | null;
  readonly scopes: readonly string[];
}
