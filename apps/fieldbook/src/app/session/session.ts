/**
 * Who uses the app, and their device.
 *
 *   choosing ──choose──► opening ──► open
 *      ▲                    │          │
 *      │                    ▼          │
 *      ├───leave───────── failed       │
 *      └───leave (closes the device)───┘
 *
 * It stands outside React, so that no second render ever opens a second device.
 */
import type { Device, Observable } from '@holdfast/device';
import type { FieldbookSchema } from '../../schema.ts';
import type { Person } from './person.ts';
import { rememberedPerson, rememberPerson } from './remembered.ts';

export type FieldbookDevice = Device<FieldbookSchema>;

export type SessionState =
  | { readonly at: 'choosing' }
  | { readonly at: 'opening'; readonly person: Person }
  | { readonly at: 'open'; readonly person: Person; readonly device: FieldbookDevice }
  | { readonly at: 'failed'; readonly person: Person; readonly error: unknown };

export interface Session extends Observable<SessionState> {
  /** Opens this person's device and remembers them for the next start. */
  choose(person: Person): Promise<void>;
  /** Closes the device; what is on it stays. */
  leave(): Promise<void>;
}

export function createSession(open: (person: Person) => Promise<FieldbookDevice>): Session {
  const listeners = new Set<() => void>();
  let state: SessionState = { at: 'choosing' };
  const set = (next: SessionState) => {
    state = next;
    for (const listener of listeners) listener();
  };

  const choose = async (person: Person) => {
    if (state.at === 'opening' || state.at === 'open') return;
    const opening: SessionState = { at: 'opening', person };
    set(opening);
    rememberPerson(person);
    try {
      set({ at: 'open', person, device: await open(person) });
    } catch (error) {
      set({ at: 'failed', person, error });
    }
  };

  const leave = async () => {
    const left = state;
    if (left.at === 'opening') return;
    rememberPerson(null);
    set({ at: 'choosing' });
    if (left.at === 'open') await left.device.close();
  };

  const last = rememberedPerson();
  if (last !== null) void choose(last);
  return {
    get: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    choose,
    leave,
  };
}
