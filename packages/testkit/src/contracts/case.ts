/**
 * One test that needs no test framework, so that it can run where none is: in a browser's worker. It
 * fails by throwing.
 */
export interface Case {
  /** Begins with the ids of the rules it holds. */
  readonly title: string;
  run(): Promise<void>;
}

/** Fails unless both are the same values, bytes included. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [show(actual), show(expected)];
  if (a === b) return;
  const at = [...a].findIndex((char, i) => char !== b[i]);
  const from = Math.max(0, at - 40);
  throw new Error(`${what}: expected …${clip(b.slice(from))}, got …${clip(a.slice(from))}`);
}

export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Fails unless the promise does, with an error of this code. */
export async function failsWith(code: string, promise: Promise<unknown>, what: string): Promise<void> {
  const error = await promise.then(
    (value) => new Error(`it succeeded with ${clip(show(value))}`),
    (reason: unknown) => reason,
  );
  const actual = error instanceof Error && 'code' in error ? error.code : `no code: ${String(error)}`;
  same(actual, code, what);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (item instanceof Uint8Array) return `${item.constructor.name}<${Array.from(item).join(' ')}>`;
    if (Object.is(item, undefined)) return '<undefined>';
    return item;
  });
}

function clip(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
