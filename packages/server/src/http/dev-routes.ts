import { HoldfastError } from '@holdfast/core';
import { Hono } from 'hono';
import * as z from 'zod';
import type { Auth, TokenClaims } from '../auth/auth.ts';
import { readBody } from './read-body.ts';
import { errorResponse, jsonResponse } from './respond.ts';

/** Somebody one can sign in as without a password. */
export interface DevUser {
  readonly id: string;
  readonly name: string;
  readonly role: string | null;
  readonly scopes: readonly string[];
}

export type DevUsers = () => readonly DevUser[] | Promise<readonly DevUser[]>;

const tokenRequest = z.object({ user: z.string().max(200) });
const BODY = { maxBytes: 4_096, expansion: 100, timeoutMs: 10_000 };

/**
 * FOR DEVELOPMENT ONLY: whoever reaches these addresses can be any of the users, without a password. For
 * trying an app before there is an identity provider; absent unless a list of users is given.
 *
 * @throws HoldfastError `InvalidConfig` where the tokens of this server are made elsewhere
 */
export function devRoutes(users: DevUsers, auth: Auth, newId: () => string): Hono {
  const sign: ((claims: TokenClaims) => Promise<string>) | undefined = auth.sign?.bind(auth);
  if (sign === undefined) throw new HoldfastError('InvalidConfig', 'development users need tokens that are made here');
  const app = new Hono();
  app.get('/users', async () => {
    const all = await users();
    return jsonResponse({ users: all.map(({ id, name, role }) => ({ id, name, role })) });
  });
  app.post('/token', async (c) => {
    const body = await readBody(c.req.raw, BODY);
    const asked = body.ok ? tokenRequest.safeParse(jsonOf(body.value)) : null;
    if (!asked?.success) return errorResponse('MalformedRequest', newId(), 'user');
    const user = (await users()).find(({ id }) => id === asked.data.user);
    if (user === undefined) return errorResponse('NotFound', newId(), 'no such user');
    return jsonResponse({ token: await sign({ user: user.id, role: user.role, scopes: user.scopes }) });
  });
  return app;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
