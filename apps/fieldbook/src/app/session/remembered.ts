/**
 * What a cold start without a link needs: who used this device. Names only, never anything about
 * patients, and no token.
 */
import { type Person, parsePeople, parsePerson } from './person.ts';

const PERSON = 'fieldbook.person';
const PEOPLE = 'fieldbook.people';

export function rememberedPerson(): Person | null {
  return parsePerson(read(PERSON));
}

/** Remembers who uses the device now; null when they left. */
export function rememberPerson(person: Person | null): void {
  if (person === null) window.localStorage.removeItem(PERSON);
  else window.localStorage.setItem(PERSON, JSON.stringify(person));
}

export function rememberedPeople(): readonly Person[] {
  return parsePeople(read(PEOPLE)) ?? [];
}

export function rememberPeople(people: readonly Person[]): void {
  window.localStorage.setItem(PEOPLE, JSON.stringify(people));
}

function read(key: string): unknown {
  try {
    return JSON.parse(window.localStorage.getItem(key) ?? 'null');
  } catch {
    // Another program's text under our key: as if there were none.
    return null;
  }
}
