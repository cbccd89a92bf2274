import type { Json } from './json.ts';

/** Deeper than any form; the wire refuses what is deeper too (hazard J2). */
export const MAX_VALUE_DEPTH = 32;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
// A NUL, or half of a surrogate pair: Postgres refuses both (hazard J4).
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is looked for
const UNSTORABLE = /\u0000|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

export type NormalizeProblem = { readonly path: readonly (string | number)[]; readonly expected: string };

/**
 * The one form in which a value is stored, hashed and sent, on the device and on the server alike:
 * text in NFC, no NUL or lone surrogate, no -0, only finite numbers, plain objects. Reports the first
 * place that cannot be brought into it.
 */
export function normalizeJson(value: unknown): { value: Json } | { problem: NormalizeProblem } {
  const path: (string | number)[] = [];
  let problem: NormalizeProblem | null = null;
  const fail = (expected: string): Json => {
    problem ??= { path: [...path], expected };
    return null;
  };
  const walk = (node: unknown): Json => {
    if (problem !== null) return null;
    switch (typeof node) {
      case 'string':
        if (UNSTORABLE.test(node)) return fail('text without NUL or broken characters');
        return node.normalize('NFC');
      case 'number':
        if (!Number.isFinite(node)) return fail('a finite number');
        return node === 0 ? 0 : node;
      case 'boolean':
        return node;
      case 'object':
        break;
      default:
        return fail(`a JSON value, not ${typeof node}`);
    }
    if (node === null) return null;
    if (path.length >= MAX_VALUE_DEPTH) return fail(`at most ${MAX_VALUE_DEPTH} levels`);
    if (Array.isArray(node)) {
      return node.map((item, index) => {
        path.push(index);
        const result = walk(item);
        path.pop();
        return result;
      });
    }
    const prototype: unknown = Object.getPrototypeOf(node);
    if (prototype !== Object.prototype && prototype !== null) return fail('a plain object');
    const result: Record<string, Json> = {};
    for (const [key, item] of Object.entries(node)) {
      path.push(key);
      if (FORBIDDEN_KEYS.has(key)) fail('another key than this reserved one');
      else if (UNSTORABLE.test(key)) fail('a key without NUL or broken characters');
      else if (item !== undefined) result[key] = walk(item);
      path.pop();
    }
    return result;
  };
  const normal = walk(value);
  return problem === null ? { value: normal } : { problem };
}
