/** Asks until the answer is there; a wait that is never a sleep of a fixed length. */
export async function eventually<T>(what: string, ask: () => Promise<T | null | undefined | false>): Promise<T> {
  const until = Date.now() + 60_000;
  for (;;) {
    const value = await ask();
    if (value) return value;
    if (Date.now() > until) throw new Error(`still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
