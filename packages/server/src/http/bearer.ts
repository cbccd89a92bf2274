import { createHash, timingSafeEqual } from 'node:crypto';

/** The token of an `Authorization: Bearer` header; null where there is none. */
export function bearerOf(request: Request): string | null {
  const header = request.headers.get('authorization') ?? '';
  return /^Bearer ([\x21-\x7e]+)$/i.exec(header)?.[1] ?? null;
}

/** Compares in a time that tells nothing about where the two differ, nor about the secret's length. */
export function isSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
