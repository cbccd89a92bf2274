export type ParseProblem = 'malformed' | 'too-deep' | 'duplicate-key' | 'reserved-key';

const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * `JSON.parse` for what comes from outside. Before anything is built, one pass over the text refuses
 * nesting beyond `maxDepth` (it would break far from here), keys that stand twice in one object (two
 * readers would see two values) and keys that reach an object's prototype. (Hazards J2 and J5.)
 */
export function parseJson(text: string, maxDepth: number): { value: unknown } | { problem: ParseProblem } {
  const problem = scan(text, maxDepth);
  if (problem !== null) return { problem };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: 'malformed' };
  }
}

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;

// Looks only at strings and brackets; whether the rest is JSON at all is left to JSON.parse.
function scan(text: string, maxDepth: number): ParseProblem | null {
  const keys: (Set<string> | null)[] = [];
  for (let i = 0; i < text.length; i += 1) {
    switch (text.charCodeAt(i)) {
      case QUOTE: {
        const end = endOfString(text, i);
        if (end < 0) return 'malformed';
        const open = keys.at(-1);
        if (open && isKey(text, end + 1)) {
          const raw = text.slice(i + 1, end);
          const key = raw.includes('\\') ? decodeString(text.slice(i, end + 1)) : raw;
          if (key === null) return 'malformed';
          if (RESERVED.has(key)) return 'reserved-key';
          if (open.has(key)) return 'duplicate-key';
          open.add(key);
        }
        i = end;
        break;
      }
      case 123: // {
        keys.push(new Set());
        if (keys.length > maxDepth) return 'too-deep';
        break;
      case 91: // [
        keys.push(null);
        if (keys.length > maxDepth) return 'too-deep';
        break;
      case 125: // }
      case 93: // ]
        keys.pop();
        break;
      default:
    }
  }
  return null;
}

function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return -1;
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
}

function isKey(text: string, after: number): boolean {
  let i = after;
  while (i < text.length && text.charCodeAt(i) <= 32) i += 1;
  return text.charCodeAt(i) === COLON;
}

function decodeString(quoted: string): string | null {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}
