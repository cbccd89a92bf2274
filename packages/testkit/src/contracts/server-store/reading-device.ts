import { type Cursor, holds, invariant, type Json, type Scope } from '@holdfast/core';
import type { FeedRow, ServerStore } from '@holdfast/server';
import { contractCollections } from './contract-schema.ts';
import { freshDevice } from './contract-world.ts';

interface Held {
  values: Record<string, Json>;
  readonly scopes: Set<Scope>;
}

/**
 * A device as the reading rules see it: one cursor for all scopes, deltas only for what it holds, and a
 * record kept for as long as one scope holds it. It stops where a delta finds nothing under it.
 */
export class ReadingDevice {
  readonly #store: ServerStore;
  readonly #device = freshDevice();
  #cursor: Cursor | null = null;
  readonly #held = new Map<string, Held>();

  constructor(store: ServerStore) {
    this.#store = store;
  }

  /** A whole catch-up in pages of `limit`, repeated from the first page's snapshot until one page is all. */
  async pull(scopes: readonly Scope[], limit: number): Promise<void> {
    const staged: { row: FeedRow; since: Cursor | null }[] = [];
    let since = this.#cursor;
    for (;;) {
      let first: Cursor | null = null;
      let after: readonly [number, string, string] | null = null;
      let pages = 0;
      for (;;) {
        const read = await this.#store.read({
          device: this.#device,
          scopes,
          since,
          collections: contractCollections,
          after,
          limit,
        });
        first ??= { snapshot: read.snapshot, scopes: [...scopes] };
        pages += 1;
        for (const row of read.rows) staged.push({ row, since });
        if (!read.more) break;
        const last = read.rows.at(-1);
        invariant(last, 'a page with more to come has a row');
        after = [contractCollections.indexOf(last.collection as 'contacts'), last.scope, last.id];
      }
      since = first;
      if (pages === 1) break;
    }
    for (const scope of this.#cursor?.scopes ?? []) if (!scopes.includes(scope)) this.#leave(scope);
    for (const each of staged) this.#take(each.row, each.since);
    this.#cursor = since;
    for (const [key, held] of this.#held) if (held.scopes.size === 0) this.#held.delete(key);
  }

  /** What it holds, by `collection/id`. */
  get records(): Readonly<Record<string, Readonly<Record<string, Json>>>> {
    return Object.fromEntries([...this.#held].map(([key, held]) => [key, held.values]));
  }

  #leave(scope: Scope): void {
    for (const held of this.#held.values()) held.scopes.delete(scope);
  }

  #take(row: FeedRow, since: Cursor | null): void {
    const key = `${row.collection}/${row.id}`;
    const held = this.#held.get(key) ?? { values: {}, scopes: new Set<Scope>() };
    if (row.values === null) {
      held.scopes.delete(row.scope);
      return;
    }
    const delta = since?.scopes.includes(row.scope) && holds(since.snapshot, row.entered);
    if (delta && since) {
      invariant(this.#held.has(key) && held.scopes.has(row.scope), `a delta of ${key} with nothing under it`);
      for (const [field, position] of Object.entries(row.changedIn)) {
        if (!holds(since.snapshot, position)) held.values[field] = row.values[field] ?? null;
      }
    } else {
      held.values = { ...row.values };
    }
    held.scopes.add(row.scope);
    this.#held.set(key, held);
  }
}
