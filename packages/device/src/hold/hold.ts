import { HoldfastError, type Schema, type Tables } from '@holdfast/core';

/** SY14: what of all that its user may see a device holds. What is not said is not narrowed. */
export interface HoldOption<S = Schema> {
  /** Only these scopes. */
  readonly scopes?: readonly string[];
  /** Only these collections. */
  readonly collections?: readonly (keyof Tables<S> & string)[];
  /** Only records whose last change is younger than this; others can be fetched by their id. */
  readonly youngerThanMs?: number;
}

/** The same, with null where nothing is narrowed. */
export interface Hold {
  readonly scopes: readonly string[] | null;
  readonly collections: readonly string[] | null;
  readonly youngerThanMs: number | null;
}

export const HOLD_ALL: Hold = { scopes: null, collections: null, youngerThanMs: null };

/** @throws HoldfastError `InvalidHold` for a collection that the schema does not have, or a window that is none */
export function holdOf(schema: Schema, option: HoldOption | undefined): Hold {
  if (option === undefined) return HOLD_ALL;
  const { scopes = null, collections = null, youngerThanMs = null } = option;
  const unknown = collections?.find((name) => !schema.collections.has(name));
  if (unknown !== undefined) throw new HoldfastError('InvalidHold', `there is no collection ${unknown}`);
  if (youngerThanMs !== null && !(Number.isSafeInteger(youngerThanMs) && youngerThanMs >= 0)) {
    throw new HoldfastError('InvalidHold', `youngerThanMs is ${youngerThanMs}`);
  }
  return { scopes, collections, youngerThanMs };
}
