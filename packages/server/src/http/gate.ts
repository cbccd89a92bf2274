/** Lets so many in at a time, in all and for one key; whoever is too many is told at once (SV8). */
export class Gate {
  readonly #most: number;
  readonly #mostEach: number;
  readonly #inside = new Map<string, number>();
  #count = 0;

  constructor(most: number, mostEach: number) {
    this.#most = most;
    this.#mostEach = mostEach;
  }

  /** How to leave again, or null where it is full. */
  enter(key: string): (() => void) | null {
    const each = this.#inside.get(key) ?? 0;
    if (this.#count >= this.#most || each >= this.#mostEach) return null;
    this.#count += 1;
    this.#inside.set(key, each + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#count -= 1;
      const rest = (this.#inside.get(key) ?? 1) - 1;
      if (rest === 0) this.#inside.delete(key);
      else this.#inside.set(key, rest);
    };
  }
}
