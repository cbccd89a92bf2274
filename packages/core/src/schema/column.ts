import type * as z from 'zod';
import { referencedCollection } from './ref.ts';

/**
 * How a field is stored. `date` and `instant` are ISO 8601 strings on every side: a date never
 * becomes a `Date`, and an instant keeps the offset it was written with (hazard J7).
 */
export type ColumnKind = 'text' | 'integer' | 'real' | 'boolean' | 'date' | 'instant' | 'json';

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly nullable: boolean;
  /** The collection this column refers to, where the whole value is one reference. */
  readonly references: string | null;
}

const WRAPPERS = new Set(['nullable', 'default', 'prefault', 'readonly', 'nonoptional']);
const REFUSED: Record<string, string> = {
  optional: 'has no form in a row: use .nullable(), absent and null must not be two things',
  undefined: 'has no form in a row: use z.null()',
  void: 'has no form in a row: use z.null()',
  date: 'would shift with the time zone: use z.iso.date() or z.iso.datetime()',
  bigint: 'does not survive JSON: use z.int(), or z.string() for larger numbers',
  symbol: 'cannot be stored',
  function: 'cannot be stored',
  map: 'cannot be stored: use z.record()',
  set: 'cannot be stored: use z.array()',
  file: 'cannot be stored in a field',
  promise: 'cannot be stored',
  transform: 'would store another value than was checked: transform before writing',
  pipe: 'would store another value than was checked: transform before writing',
  catch: 'would hide a bad value: let the write fail',
  nan: 'has no form in JSON',
};

type Def = {
  readonly type: string;
  readonly format?: string;
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly options?: readonly z.core.$ZodType[];
  readonly items?: readonly z.core.$ZodType[];
  readonly rest?: z.core.$ZodType | null;
  readonly valueType?: z.core.$ZodType;
  readonly keyType?: z.core.$ZodType;
  readonly left?: z.core.$ZodType;
  readonly right?: z.core.$ZodType;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly checks?: readonly z.core.$ZodCheck[];
  readonly catchall?: z.core.$ZodType;
};

/** Zod's own description of a field. Its `def` is documented for tools like this one. */
export function defOf(field: z.core.$ZodType): Def {
  return field._zod.def as unknown as Def;
}

/** The type that this one only wraps, such as what is nullable; of `z.lazy` what it stands for, always the same. */
export function innerOf(field: z.core.$ZodType): z.core.$ZodType | undefined {
  const def = defOf(field);
  if (def.type === 'lazy') return (field as z.core.$ZodLazy)._zod.innerType;
  return def.innerType;
}

/** Every type nested directly in this one, with the step that leads there. */
export function nestedTypes(field: z.core.$ZodType): z.core.$ZodType[] {
  const def = defOf(field);
  const inner = innerOf(field);
  return [
    ...(inner ? [inner] : []),
    ...(def.element ? [def.element] : []),
    ...Object.values(def.shape ?? {}),
    ...(def.options ?? []),
    ...(def.items ?? []),
    ...(def.rest ? [def.rest] : []),
    ...(def.keyType ? [def.keyType] : []),
    ...(def.valueType ? [def.valueType] : []),
    ...(def.catchall ? [def.catchall] : []),
    ...(def.left && def.right ? [def.left, def.right] : []),
  ];
}

/** The reason why a field of this type cannot be stored, else null. Looks at every nested type. */
export function whyNotStorable(field: z.core.$ZodType, inside = false, seen = new Set<unknown>()): string | null {
  if (seen.has(field)) return null;
  seen.add(field);
  const { type } = defOf(field);
  // Inside an object a missing key is JSON's own; only a column cannot be absent.
  if (!(inside && type === 'optional') && REFUSED[type] !== undefined) return `z.${type} ${REFUSED[type]}`;
  for (const nested of nestedTypes(field)) {
    const reason = whyNotStorable(nested, true, seen);
    if (reason !== null) return reason;
  }
  return null;
}

/** Derives how a field is stored from its Zod type. */
export function columnOf(name: string, field: z.core.$ZodType): Column {
  let inner = field;
  let nullable = false;
  while (WRAPPERS.has(defOf(inner).type)) {
    const def = defOf(inner);
    if (def.type === 'nullable') nullable = true;
    if (def.innerType === undefined) break;
    inner = def.innerType;
  }
  return { name, kind: kindOf(inner), nullable, references: referencedCollection(inner) };
}

function kindOf(field: z.core.$ZodType): ColumnKind {
  const def = defOf(field);
  switch (def.type) {
    case 'string':
      return def.format === 'date' ? 'date' : def.format === 'datetime' ? 'instant' : 'text';
    case 'template_literal':
      return 'text';
    case 'number':
      return isInteger(def) ? 'integer' : 'real';
    case 'int':
      return 'integer';
    case 'boolean':
      return 'boolean';
    case 'enum':
      return kindOfValues(Object.values(def.entries ?? {}));
    case 'literal':
      return kindOfValues(def.values ?? []);
    default:
      return 'json';
  }
}

function isInteger(def: Def): boolean {
  if (def.format === 'safeint' || def.format === 'int32' || def.format === 'uint32') return true;
  return (def.checks ?? []).some((check) => {
    const { format } = check._zod.def as { format?: string };
    return format === 'safeint' || format === 'int32' || format === 'uint32';
  });
}

function kindOfValues(values: readonly unknown[]): ColumnKind {
  if (values.every((value) => typeof value === 'string')) return 'text';
  if (values.every((value) => typeof value === 'boolean')) return 'boolean';
  if (values.every((value) => Number.isSafeInteger(value))) return 'integer';
  if (values.every((value) => typeof value === 'number')) return 'real';
  return 'json';
}
