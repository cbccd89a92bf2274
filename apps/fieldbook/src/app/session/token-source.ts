/**
 * Tokens for one person. A token is kept for the session and asked for again shortly before it runs
 * out, or when the server no longer takes it.
 */
import * as z from 'zod';

export interface TokenSource {
  /**
   * A token; null where the server gives this person none (NW4). With `refresh` another one than before:
   * the server did not take that. @throws TypeError without a link
   */
  token(ask?: { readonly refresh: boolean }): Promise<string | null>;
}

const answer = z.object({ token: z.string().min(1) });
const claims = z.object({ exp: z.number() });
/** A token that has less than this left is as good as none: an exchange may take a while. */
const SPARE_SECONDS = 60;

export function tokenSource(user: string): TokenSource {
  const key = `fieldbook.token.${user}`;
  return {
    async token(ask) {
      if (ask?.refresh === true) window.sessionStorage.removeItem(key);
      const kept = window.sessionStorage.getItem(key);
      if (kept !== null && secondsLeft(kept, Date.now()) > SPARE_SECONDS) return kept;
      const fresh = await requestToken(user);
      if (fresh !== null) window.sessionStorage.setItem(key, fresh);
      return fresh;
    },
  };
}

/** Throws where there is no link: the device then says "no link", not "sign in". */
async function requestToken(user: string): Promise<string | null> {
  const response = await fetch('/v1/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
    cache: 'no-store',
  });
  if (!response.ok) return null;
  return answer.safeParse(await response.json()).data?.token ?? null;
}

/** How long a JWT is still good; 0 for one that does not say. */
export function secondsLeft(token: string, nowMs: number): number {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { exp } = claims.parse(JSON.parse(atob(payload)));
    return exp - nowMs / 1000;
  } catch {
    return 0;
  }
}
