import type * as z from 'zod';
import type { Fields } from './collection.ts';

/** A named operation of the backend: its arguments as Zod 4 schemas, and its priority. */
export interface CommandDefinition<F extends Fields = Fields> {
  readonly args: F;
  readonly priority: number;
}

/**
 * Declares a command: an intent that is no plain record change. The records it refers to, found by the
 * `ref` fields among its arguments, are the lanes it belongs to.
 */
export function command<const F extends Fields>(
  args: F,
  rules: { readonly priority?: number } = {},
): CommandDefinition<F> {
  return { args, priority: rules.priority ?? 5 };
}

/** What a command is called with. */
export type CommandArgs<D> = D extends CommandDefinition<infer F> ? { [K in keyof F]: z.input<F[K]> } : never;
