import * as z from 'zod';

/** Somebody who uses this device. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: 'mentor' | 'coordinator';
}

const person = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  role: z.enum(['mentor', 'coordinator']).catch('mentor'),
});
const people = z.union([z.array(person), z.object({ users: z.array(person) }).transform(({ users }) => users)]);

export function parsePerson(input: unknown): Person | null {
  return person.safeParse(input).data ?? null;
}

export function parsePeople(input: unknown): readonly Person[] | null {
  return people.safeParse(input).data ?? null;
}
