import type { FeedEntry } from './memory-record.ts';
import type { SeenBy } from './transaction-log.ts';

interface Line {
  readonly entry: FeedEntry;
  readonly turn: number;
}

/** The feed of one scope: its entries, and a log of their changes in the order of the commits. */
export class ScopeFeed {
  readonly #entries = new Set<FeedEntry>();
  #log: Line[] = [];

  /** Notes that the entry is new or was changed, by a commit that is just happening. */
  touch(entry: FeedEntry): void {
    this.#entries.add(entry);
    entry.turn += 1;
    this.#log.push({ entry, turn: entry.turn });
    if (this.#log.length > 64 + 2 * this.#entries.size) {
      this.#log = this.#log.filter((line) => line.turn === line.entry.turn);
    }
  }

  /** Every entry, the one that changed last at the end. */
  *inOrder(): Iterable<FeedEntry> {
    for (const line of this.#log) if (line.turn === line.entry.turn) yield line.entry;
  }

  /** Takes an entry away; what the log says of it is no live line any more. */
  forget(entry: FeedEntry): void {
    this.#entries.delete(entry);
    entry.turn += 1;
  }

  *present(): Iterable<FeedEntry> {
    for (const entry of this.#entries) if (entry.present) yield entry;
  }

  /**
   * The entries that changed in transactions not seen. What a snapshot has seen is a beginning of the
   * order of commits, so the search goes back from the end and stops at the first that was.
   */
  *changes(seen: SeenBy): Iterable<FeedEntry> {
    for (let i = this.#log.length - 1; i >= 0; i -= 1) {
      const line = this.#log[i];
      if (line === undefined || line.turn !== line.entry.turn) continue;
      if (seen(line.entry.xid)) return;
      yield line.entry;
    }
  }
}
