import { HoldfastError } from '@holdfast/core';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/** How long a browser may remember that it was allowed to ask. */
const REMEMBER_SECONDS = 600;

/**
 * NW3: lets pages of exactly these origins call, so that a browser can go on with another address of the server. No
 * cookie is ever taken: who asks is told by the token alone.
 *
 * @throws HoldfastError `InvalidConfig` where one is no origin; `*` is none
 */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler {
  const wrong = origins.find((origin) => !isOrigin(origin));
  if (wrong !== undefined) {
    throw new HoldfastError('InvalidConfig', `an origin is like https://sync.example.org, not ${wrong}`);
  }
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['authorization', 'content-type', 'content-encoding'],
    exposeHeaders: ['date', 'retry-after', 'x-request-id'],
    maxAge: REMEMBER_SECONDS,
  });
}

function isOrigin(text: unknown): text is string {
  if (typeof text !== 'string' || !/^https?:/.test(text)) return false;
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}
