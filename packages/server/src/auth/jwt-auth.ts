import { err, HoldfastError, limits, ok, type Scope, type UserId } from '@holdfast/core';
import { errors, type JWTVerifyOptions, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { isSafeText } from '../decide/safe-text.ts';
import type { Auth, TokenClaims } from './auth.ts';

export interface JwtAuthOptions {
  /** The shared secret, 32 characters or more. */
  readonly secret: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** Milliseconds since 1970. */
  readonly clock: { now(): number };
  /** How long a token that is made here is good. Default: an hour. */
  readonly tokenSeconds?: number;
}

const SHORTEST_SECRET = 32;
const LONGEST_TOKEN = 64 * 1024;
const HOUR_SECONDS = 3_600;
const CLOCK_TOLERANCE_SECONDS = 30;

const text = (length: number) => z.string().min(1).max(length).refine(isSafeText);

const claims = z.object({
  sub: text(200),
  scopes: z.array(text(200)).max(limits.scopes),
  role: text(50).nullable().optional(),
  exp: z.number(),
});

/**
 * Tokens are JWTs signed with HS256 and a shared secret; no other algorithm is taken, whatever a token
 * asks for. Claims: `sub` the user, `scopes`, `role` (optional), and `exp`.
 *
 * @throws HoldfastError `InvalidConfig` for a secret that could be guessed
 */
export function jwtAuth(options: JwtAuthOptions): Auth {
  const { secret, clock } = options;
  const key = keyOf(secret);
  const expected: JWTVerifyOptions = {
    algorithms: ['HS256'],
    requiredClaims: ['sub', 'exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
    ...(options.audience === undefined ? {} : { audience: options.audience }),
  };
  return {
    async authenticate(token) {
      if (token.length > LONGEST_TOKEN) return err({ detail: 'the token is too long' });
      try {
        const { payload } = await jwtVerify(token, key, { ...expected, currentDate: new Date(clock.now()) });
        const read = claims.safeParse(payload);
        if (!read.success) return err({ detail: `the claim ${read.error.issues[0]?.path[0]?.toString() ?? ''}` });
        const { sub, role, exp } = read.data;
        const scopes = [...new Set(read.data.scopes)] as Scope[];
        return ok({ principal: { user: sub as UserId, role: role ?? null, scopes }, expiresAt: exp * 1_000 });
      } catch (error) {
        return err({ detail: error instanceof errors.JWTExpired ? 'the token has expired' : 'the token is not valid' });
      }
    },
    sign: (who) => signToken(who, options),
  };
}

/** Makes a token that `jwtAuth` with the same options takes: for development, tests and own sign-in pages. */
export function signToken(who: TokenClaims, options: JwtAuthOptions): Promise<string> {
  const now = Math.floor(options.clock.now() / 1_000);
  const jwt = new SignJWT({ scopes: [...who.scopes], role: who.role })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(who.user)
    .setIssuedAt(now)
    .setExpirationTime(now + (options.tokenSeconds ?? HOUR_SECONDS));
  if (options.issuer !== undefined) jwt.setIssuer(options.issuer);
  if (options.audience !== undefined) jwt.setAudience(options.audience);
  return jwt.sign(keyOf(options.secret));
}

function keyOf(secret: string): Uint8Array {
  if (secret.length >= SHORTEST_SECRET) return new TextEncoder().encode(secret);
  throw new HoldfastError('InvalidConfig', `the secret is shorter than ${SHORTEST_SECRET} characters`);
}
