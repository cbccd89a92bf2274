/**
 * Tokens for one person. A token is kept for the session and asked for again shortly before it runs
 * out. Without a link there is none, and the device keeps everything until there is (NW4).
 */
import * as z from 'zod';

const answer = z.object({ token: z.string().min(1) });
const claims = z.object({ exp: z.number() });
/** A token that has less than this left is as good as none: an exchange may take a while. */
const SPARE_SECONDS = 60;

export function tokenSource(user: string): () => Promise<string | null> {
  const key = `fieldbook.token.${user}`;
  return async () => {
    const kept = window.sessionStorage.getItem(key);
    if (kept !== null && secondsLeft(kept, Date.now()) > SPARE_SECONDS) return kept;
    const fresh = await requestToken(user);
    if (fresh !== null) window.sessionStorage.setItem(key, fresh);
    return fresh;
  };
}

async function requestToken(user: string): Promise<string | null> {
  try {
    const response = await fetch('/v1/dev/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user }),
    });
    return response.ok ? (answer.safeParse(await response.json()).data?.token ?? null) : null;
  } catch {
    return null;
  }
}

/** How long a JWT is still good; 0 for one that does not say. */
export function secondsLeft(token: string, nowMs: number): number {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { exp } = claims.parse(JSON.parse(window.atob(payload)));
    return exp - nowMs / 1000;
  } catch {
    return 0;
  }
}
