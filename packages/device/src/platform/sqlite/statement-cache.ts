const CAPACITY = 500;

/** The statements used last, by their text. */
export class StatementCache<S> {
  readonly #bySql = new Map<string, S>();

  find(sql: string): S | undefined {
    const known = this.#bySql.get(sql);
    if (known !== undefined) {
      this.#bySql.delete(sql);
      this.#bySql.set(sql, known);
    }
    return known;
  }

  /** Keeps one more; gives the one that has to go for it, if any. */
  keep(sql: string, statement: S): S | undefined {
    this.#bySql.set(sql, statement);
    if (this.#bySql.size <= CAPACITY) return undefined;
    const [oldest] = this.#bySql;
    if (oldest) this.#bySql.delete(oldest[0]);
    return oldest?.[1];
  }

  /** Empties the cache; gives what was in it. */
  drain(): readonly S[] {
    const all = [...this.#bySql.values()];
    this.#bySql.clear();
    return all;
  }
}
