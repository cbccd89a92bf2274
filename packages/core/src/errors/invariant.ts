/** Stops on a bug: a state the code holds to be impossible. Never for bad input. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Bug in Holdfast: ${message}`);
}

/** The value, or a stop: for what the line before has made certain. */
export function must<T>(value: T | null | undefined, what: string): T {
  invariant(value !== null && value !== undefined, `${what} is missing`);
  return value;
}
