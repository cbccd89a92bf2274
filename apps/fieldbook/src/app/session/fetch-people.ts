import { type Person, parsePeople } from './person.ts';

/** The people one can sign in as; null without a link, or where an answer is no such list. */
export async function fetchPeople(): Promise<readonly Person[] | null> {
  try {
    const response = await fetch('/v1/dev/users', { cache: 'no-store' });
    return response.ok ? parsePeople(await response.json()) : null;
  } catch {
    return null;
  }
}
