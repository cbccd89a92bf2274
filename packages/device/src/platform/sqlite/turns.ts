/** One after the other, in the order asked. A turn that fails does not spoil the next. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.then(nothing, nothing);
    return mine;
  }

  /** Resolves when every turn asked for so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

function nothing(): void {}
