import type { Position, Snapshot } from '@holdfast/core';

/** Did a reader's snapshot hold this transaction? */
export type SeenBy = (xid: number) => boolean;

/** Numbers transactions and knows which are under way, as Postgres does. */
export class TransactionLog {
  #next = 1;
  readonly #running = new Set<number>();

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

  snapshot(): Snapshot {
    // A set keeps the order of insertion, which is that of the numbers.
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
