import type { Principal } from '@holdfast/server';
import { principalOf } from './sim-server.ts';

/** Who may see and do what, as the clinic's own user list says today. */
export interface Directory {
  principal(user: string): Principal;
  change(user: string, role: string, scopes: readonly string[]): void;
}

export function createDirectory(): Directory {
  const people = new Map<string, Principal>();
  const change = (user: string, role: string, scopes: readonly string[]) => {
    people.set(user, principalOf(user, role, scopes));
  };
  change('ada', 'mentor', ['mentor:m1']);
  change('ben', 'mentor', ['mentor:m1']);
  change('cem', 'mentor', ['mentor:m2', 'office']);
  change('dia', 'coordinator', ['office']);
  return {
    principal(user) {
      const found = people.get(user);
      if (found === undefined) throw new Error(`nobody is called ${user}`);
      return found;
    },
    change,
  };
}
