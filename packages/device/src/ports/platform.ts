import type { DatabaseKey, StorageDriver } from './storage-driver.ts';

/** Milliseconds since 1970 as this device believes, and milliseconds that only go forward. */
export interface Clock {
  now(): number;
  monotonic(): number;
}

export interface Random {
  bytes(length: number): Uint8Array;
  /** From 0 up to, not including, 1. */
  fraction(): number;
}

export interface Timers {
  /** Runs `work` once after `ms`; gives back how to call it off. */
  after(ms: number, work: () => void): () => void;
}

/**
 * Runs `work` while nobody else on this device (tab, worker, process) runs under the same name; waits
 * its turn, unless the signal is aborted before that: then it fails, and `work` never runs. The lock goes
 * when the holder dies.
 */
export interface Locks {
  exclusive<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /**
   * Runs `work` at once under the name, whoever holds it: their call fails, though their work may go on.
   * For a holder that is frozen; absent where the platform cannot do it.
   */
  steal?<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** What one commit touched. */
export interface ChangeNotice {
  /** Table name → ids changed in it; null where too many to name. */
  readonly tables: Readonly<Record<string, readonly string[] | null>>;
}

/** Carries change notices between the tabs of one store. Never to the sender itself. */
export interface NoticeBoard {
  post(notice: ChangeNotice): void;
  listen(listener: (notice: ChangeNotice) => void): () => void;
}

/** Tells when the platform believes that trying again is worth it: link back, app in the foreground. */
export interface Nudges {
  listen(listener: (why: 'link' | 'foreground') => void): () => void;
}

/** What the platform knows of the link besides whether there is one. */
export interface LinkTraits {
  /** The person asked for little traffic. */
  readonly saveData: boolean;
  /** Traffic costs; false where the platform cannot tell. */
  readonly metered: boolean;
}

/** A store's place on this device: one user's. */
export interface StoreFolder {
  /** Opens the encrypted database, or makes it. */
  openDatabase(key: DatabaseKey): Promise<StorageDriver>;
  /** The key slots, as opaque text; null before there are any. Written durably before it resolves. */
  readSlots(): Promise<string | null>;
  writeSlots(text: string): Promise<void>;
}

/** Wraps and unwraps the database key. One per unlock method (ST2). */
export interface Unlock {
  readonly type: 'device';
  /** Encrypts `key`, bound to `context`: it opens for no other user, device or store. */
  wrap(key: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
  /** @throws HoldfastError `WrongKey` */
  unwrap(wrapped: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
}

/** All that the engine takes from outside besides the backend. */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly locks: Locks;
  readonly notices: NoticeBoard;
  readonly nudges: Nudges;
  /** Absent where the platform knows nothing of its link. */
  readonly linkTraits?: () => LinkTraits;
}
