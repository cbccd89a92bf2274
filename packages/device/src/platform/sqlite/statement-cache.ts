const CAPACITY = 500;

/** Keeps the statements used last; `drop` is called for one that has to give way. */
export class StatementCache<S> {
  readonly #prepare: (sql: string) => S;
  readonly #drop: (statement: S) => void;
  readonly #bySql = new Map<string, S>();

  constructor(prepare: (sql: string) => S, drop: (statement: S) => void) {
    this.#prepare = prepare;
    this.#drop = drop;
  }

  get(sql: string): S {
    const known = this.#bySql.get(sql);
    if (known !== undefined) {
      this.#bySql.delete(sql);
      this.#bySql.set(sql, known);
      return known;
    }
    const made = this.#prepare(sql);
    this.#bySql.set(sql, made);
    this.#evict(CAPACITY);
    return made;
  }

  clear(): void {
    this.#evict(0);
  }

  #evict(keep: number): void {
    for (const [sql, statement] of this.#bySql) {
      if (this.#bySql.size <= keep) return;
      this.#bySql.delete(sql);
      this.#drop(statement);
    }
  }
}
