/**
 * When bytes that are handed to one direction of a link come out at its other end, in milliseconds of
 * the clock that is passed in. They go through one after the other at `kbit` kilobit a second, whatever
 * connection they belong to, and are then under way for `delayMs`. Null for `kbit` is a link without a
 * limit.
 */
export class LinkPace {
  readonly #kbit: number | null;
  readonly #delayMs: number;
  /** Until then the line is taken. */
  #busyUntil = 0;

  constructor({ kbit, delayMs }: { readonly kbit: number | null; readonly delayMs: number }) {
    this.#kbit = kbit;
    this.#delayMs = delayMs;
  }

  /** Takes the bytes on, after all that was taken on before. */
  arrival(bytes: number, nowMs: number): number {
    const onLineMs = this.#kbit === null ? 0 : (bytes * 8) / this.#kbit;
    this.#busyUntil = Math.max(this.#busyUntil, nowMs) + onLineMs;
    return this.#busyUntil + this.#delayMs;
  }
}
