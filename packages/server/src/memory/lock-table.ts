/** Thrown to the transaction whose request closed a circle of waiting; it is undone and repeated. */
export class Deadlock extends Error {
  constructor() {
    super('deadlock');
    this.name = 'Deadlock';
  }
}

type Mode = 'shared' | 'exclusive';

interface Waiter {
  readonly owner: number;
  readonly mode: Mode;
  readonly go: () => void;
}

interface Lock {
  readonly holders: Map<number, Mode>;
  readonly queue: Waiter[];
}

/**
 * Locks by key, held by numbered transactions until they end. First come, first served; several may
 * share. No timers: a circle of waiting is found when it closes.
 */
export class LockTable {
  readonly #locks = new Map<string, Lock>();
  readonly #held = new Map<number, Set<string>>();
  readonly #waits = new Map<number, string>();

  /** Resolves once held. @throws Deadlock */
  async acquire(owner: number, key: string, mode: Mode): Promise<void> {
    let lock = this.#locks.get(key);
    if (lock === undefined) {
      lock = { holders: new Map(), queue: [] };
      this.#locks.set(key, lock);
    }
    const held = lock.holders.get(owner);
    if (held === 'exclusive' || held === mode) return;
    // Whoever holds it already goes before the queue: those behind could never pass it anyway.
    if (this.#free(lock, owner, mode) && (held !== undefined || lock.queue.length === 0)) {
      this.#grant(lock, key, owner, mode);
      return;
    }
    this.#waits.set(owner, key);
    const waiting = new Promise<void>((resolve) => {
      const waiter = { owner, mode, go: resolve };
      if (held === undefined) lock.queue.push(waiter);
      else lock.queue.unshift(waiter);
    });
    if (this.#reaches(owner, owner, new Set())) {
      this.#waits.delete(owner);
      lock.queue.splice(
        lock.queue.findIndex((waiter) => waiter.owner === owner),
        1,
      );
      this.#wake(key, lock);
      throw new Deadlock();
    }
    await waiting;
  }

  releaseAll(owner: number): void {
    const keys = this.#held.get(owner);
    this.#held.delete(owner);
    for (const key of keys ?? []) {
      const lock = this.#locks.get(key);
      if (lock === undefined) continue;
      lock.holders.delete(owner);
      this.#wake(key, lock);
    }
  }

  #free(lock: Lock, owner: number, mode: Mode): boolean {
    for (const [other, held] of lock.holders) {
      if (other !== owner && (mode === 'exclusive' || held === 'exclusive')) return false;
    }
    return true;
  }

  #grant(lock: Lock, key: string, owner: number, mode: Mode): void {
    lock.holders.set(owner, mode);
    const keys = this.#held.get(owner);
    if (keys === undefined) this.#held.set(owner, new Set([key]));
    else keys.add(key);
  }

  #wake(key: string, lock: Lock): void {
    for (;;) {
      const next = lock.queue[0];
      if (next === undefined || !this.#free(lock, next.owner, next.mode)) break;
      lock.queue.shift();
      this.#waits.delete(next.owner);
      this.#grant(lock, key, next.owner, next.mode);
      next.go();
    }
    if (lock.holders.size === 0 && lock.queue.length === 0) this.#locks.delete(key);
  }

  /** Does `from` wait, through others, for `target`? */
  #reaches(from: number, target: number, seen: Set<number>): boolean {
    const lock = this.#locks.get(this.#waits.get(from) ?? '');
    if (lock === undefined) return false;
    for (const other of this.#blockers(lock, from)) {
      if (other === target) return true;
      if (seen.has(other)) continue;
      seen.add(other);
      if (this.#reaches(other, target, seen)) return true;
    }
    return false;
  }

  *#blockers(lock: Lock, waiting: number): Iterable<number> {
    for (const holder of lock.holders.keys()) if (holder !== waiting) yield holder;
    for (const waiter of lock.queue) {
      if (waiter.owner === waiting) break;
      yield waiter.owner;
    }
  }
}
