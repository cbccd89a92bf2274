import type * as z from 'zod';
import type { RecordId } from '../ids/ids.ts';
import { type ConflictPolicy, type DeletePolicy, lastWriteWins } from './policies.ts';
import type { ScopeRule } from './scope-template.ts';

export type Fields = Readonly<Record<string, z.ZodType>>;

type FieldName<F extends Fields> = keyof F & string;

export interface CollectionRules<F extends Fields = Fields> {
  /**
   * Which slices of the data a record is in. There is no default: a record that nobody may see is as
   * wrong as one that everybody may. `'everyone'` is a scope like any other, for shared lists.
   */
  readonly scopes: readonly ScopeRule[];
  /** Default: `lastWriteWins()`. */
  readonly conflict?: ConflictPolicy;
  /** Default: `'manual'`. */
  readonly onDelete?: DeletePolicy;
  /** Fields that win or lose together, such as dose and unit (CF3). */
  readonly groups?: readonly (readonly FieldName<F>[])[];
  /** 1 goes first, default 5. */
  readonly priority?: number;
  /** Columns that device and server index, besides the id. */
  readonly indexes?: readonly (readonly (FieldName<F> | 'id')[])[];
  /** Roles whose tokens may write here; everyone who may see a record, where it is left out. */
  readonly writers?: readonly string[];
}

export interface CollectionDefinition<F extends Fields = Fields> {
  readonly fields: F;
  readonly rules: Required<Omit<CollectionRules<F>, 'writers'>> & { readonly writers: readonly string[] | null };
}

/** Declares a collection: its fields as Zod 4 schemas, and its rules. Checked by `schema`. */
export function collection<const F extends Fields>(fields: F, rules: CollectionRules<F>): CollectionDefinition<F> {
  return {
    fields,
    rules: {
      scopes: rules.scopes,
      conflict: rules.conflict ?? lastWriteWins(),
      onDelete: rules.onDelete ?? 'manual',
      groups: rules.groups ?? [],
      priority: rules.priority ?? 5,
      indexes: rules.indexes ?? [],
      writers: rules.writers ?? null,
    },
  };
}

/** A row of a collection as queries give it. */
export type Row<D, Name extends string = string> =
  D extends CollectionDefinition<infer F> ? { id: RecordId<Name> } & { [K in keyof F]: z.output<F[K]> } : never;

type Simplify<T> = { [K in keyof T]: T[K] };
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: undefined extends z.input<F[K]> ? K : null extends z.input<F[K]> ? K : never;
}[keyof F];

/** What `create` takes: a nullable field or one with a default may be left out, an id may be given. */
export type CreateInput<D, Name extends string = string> =
  D extends CollectionDefinition<infer F>
    ? Simplify<
        { id?: RecordId<Name> } & { [K in Exclude<keyof F, OptionalKeys<F>>]: z.input<F[K]> } & {
          [K in OptionalKeys<F>]?: z.input<F[K]>;
        }
      >
    : never;

/** What `update` takes: the fields to change. */
export type UpdateInput<D> = D extends CollectionDefinition<infer F> ? { [K in keyof F]?: z.output<F[K]> } : never;
