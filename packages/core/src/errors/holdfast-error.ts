import { catalogue, type ErrorCode } from './catalogue.ts';

/**
 * An operational error: something outside the program is not as it should be. `code` is stable and
 * stands in the catalogue; `message` says what happened, to what, and what to do next.
 */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    const entry = catalogue[code];
    super(`${entry.says}${detail ? ` (${detail})` : ''} ${entry.next}`, options);
    this.name = code;
    this.code = code;
    this.detail = detail;
  }
}

/** One bad field of a write: where it stands and what was expected there. */
export interface FieldIssue {
  readonly collection: string;
  readonly record: string | null;
  /** Path inside the record, `['name']` or `['address', 0, 'city']`; empty for the record itself. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
}

/** WR2: the input of `write` did not fit the schema. Nothing was stored. */
export class InvalidWrite extends HoldfastError {
  readonly issues: readonly FieldIssue[];

  constructor(issues: readonly FieldIssue[]) {
    super('InvalidWrite', issues.map((i) => `${[i.collection, ...i.path].join('.')}: ${i.expected}`).join('; '));
    this.issues = issues;
  }
}

/** True for an error of the catalogue with this code, also across bundles and workers. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
