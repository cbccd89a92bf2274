import type { Locks, Timers } from '../ports/platform.ts';
import { within } from './within.ts';

/**
 * The app's supplier of tokens; null while there is none. Asked with `refresh` after the server did not
 * take the last one: it must then not give that one again.
 */
export type TokenSupplier = (ask?: { readonly refresh: boolean }) => Promise<string | null> | string | null;

/** The last refresh of all tabs; `number` grows with each. `token` is null where the app had none to give. */
export interface SharedToken {
  readonly number: number;
  readonly token: string | null;
}

/** Where the tabs of a store share what a refresh brought. */
export interface TokenShelf {
  read(): Promise<SharedToken>;
  put(shared: SharedToken): Promise<void>;
}

/** A token, and how many refreshes there had been when it came. */
export interface HeldToken {
  readonly number: number;
  readonly token: string;
}

export interface Tokens {
  /** The token to send; null while there is none: then nothing is asked. @throws what the supplier throws, or TooLate */
  current(): Promise<HeldToken | null>;
  /** After a 401: the one that takes its place, from another tab or from the app; null while there is none. */
  renew(rejected: HeldToken): Promise<HeldToken | null>;
  /** The server took neither it nor its successor: nothing is asked until the app has another. */
  refuse(rejected: HeldToken): void;
}

export interface TokensDeps {
  readonly supplier: TokenSupplier;
  readonly shelf: TokenShelf;
  readonly locks: Locks;
  readonly timers: Timers;
  readonly lockName: string;
}

const SUPPLIER_MS = 30_000;
/** Others may have their turn before. */
const TURN_MS = 3 * SUPPLIER_MS;

/**
 * NW4, hazard G5: the app is asked once at first, and again only when the server did not take what it
 * gave; one refresh at a time over all tabs, and the others take what it brought.
 */
export function createTokens({ supplier, shelf, locks, timers, lockName }: TokensDeps): Tokens {
  let held: HeldToken | null = null;
  let refused: HeldToken | null = null;
  let first: Promise<HeldToken | null> | null = null;

  const supply = async (refresh: boolean) =>
    within(timers, SUPPLIER_MS, 'no token', Promise.resolve(supplier({ refresh })));

  const refresh = async (rejected: HeldToken): Promise<HeldToken | null> => {
    const shared = await shelf.read();
    if (shared.number > rejected.number && shared.token !== rejected.token) {
      refused = { number: shared.number, token: rejected.token };
      return shared.token === null ? null : { number: shared.number, token: shared.token };
    }
    const token = await supply(true);
    const fresh = token === rejected.token ? null : token;
    const number = shared.number + 1;
    await shelf.put({ number, token: fresh });
    refused = { number, token: rejected.token };
    return fresh === null ? null : { number, token: fresh };
  };

  const renew = async (rejected: HeldToken): Promise<HeldToken | null> => {
    held = null;
    refused = rejected;
    const controller = new AbortController();
    const turn = locks.exclusive(lockName, () => refresh(rejected), controller.signal);
    try {
      held = await within(timers, TURN_MS, 'no turn to ask for a token', turn);
    } finally {
      // Who waits no longer must not have its turn later.
      controller.abort();
      turn.catch(() => {});
    }
    if (held !== null) refused = null;
    return held;
  };

  const ask = async (): Promise<HeldToken | null> => {
    const { number } = await shelf.read();
    const token = await supply(false);
    held = token === null ? null : { number, token };
    return held;
  };

  return {
    async current() {
      if (held !== null) return held;
      if (refused !== null) return renew(refused);
      first ??= ask().finally(() => {
        first = null;
      });
      return first;
    },
    renew: (rejected) => (held !== null && held.token !== rejected.token ? Promise.resolve(held) : renew(rejected)),
    refuse(rejected) {
      if (held?.token === rejected.token) held = null;
      refused = rejected;
    },
  };
}
