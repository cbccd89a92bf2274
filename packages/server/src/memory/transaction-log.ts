import type { Position, Snapshot } from '@holdfast/core';

/** Did a reader's snapshot hold this transaction? */
export type SeenBy = (xid: number) => boolean;

/** Numbers transactions and knows which are under way, as Postgres does. */
export class TransactionLog {
  #next: number;
  readonly #running = new Set<number>();

  constructor(next = 1) {
    this.#next = next;
  }

  /** The number of the next transaction. */
  get next(): number {
    return this.#next;
  }

  begin(): number {
    const xid = this.#next;
    this.#next += 1;
    this.#running.add(xid);
    return xid;
  }

  /** Committed or aborted: from here on it is seen, with or without effects. */
  end(xid: number): void {
    this.#running.delete(xid);
  }

  /** The oldest under way, or the next: all before it are over. */
  oldest(): number {
    // A set keeps the order of insertion, which is that of the numbers.
    for (const xid of this.#running) return xid;
    return this.#next;
  }

  snapshot(): Snapshot {
    const running = [...this.#running];
    return `${running[0] ?? this.#next}:${this.#next}:${running.join(',')}` as Snapshot;
  }
}

export function positionOf(xid: number): Position {
  return String(xid) as Position;
}

export function seenBy(snapshot: Snapshot): SeenBy {
  const [xmin = '', xmax = '', running = ''] = snapshot.split(':');
  const from = Number(xmin);
  const to = Number(xmax);
  const under = new Set(running === '' ? [] : running.split(',').map(Number));
  return (xid) => xid < from || (xid < to && !under.has(xid));
}
