import { createContext, useContext } from 'react';
import type { Person } from './person.ts';

/** The person whose device is open, and how they leave it. */
export interface SignedIn {
  readonly person: Person;
  readonly leave: () => void;
}

export const SessionContext = createContext<SignedIn>({
  person: { id: '', name: '', role: 'mentor' },
  leave: () => undefined,
});

export function useSignedIn(): SignedIn {
  return useContext(SessionContext);
}
