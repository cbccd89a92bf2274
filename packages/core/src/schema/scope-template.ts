import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Scope } from '../ids/ids.ts';
import type { Json } from '../value/json.ts';

/** Scopes taken over from the record that `field` refers to. */
export interface InheritedScope {
  readonly inherit: string;
}

/** `'mentor:{mentorId}'`, `'everyone'`, or `inherit('contactId')`. */
export type ScopeRule = string | InheritedScope;

/** A template cut at its placeholders: `['mentor:', 'mentorId', '']` for `mentor:{mentorId}`. */
export interface ScopeTemplate {
  readonly text: string;
  readonly literals: readonly string[];
  readonly fields: readonly string[];
  /**
   * For each field what is escaped in its value: where the next literal begins, so that no value can be
   * mistaken for two. Nothing in the last one, nor in what can only be a number, a date or a truth value.
   */
  readonly escapes: readonly (readonly string[])[];
}

/** The record is in every scope that the record it refers to by `field` is in. */
export function inherit(field: string): InheritedScope {
  return { inherit: field };
}

/** What an escaped value never holds: it is made of `%` and of hexadecimal digits. */
const SEPARATES = /^[^%0-9A-F]/u;

/** Cuts a template; null if its braces do not pair up, or its fields are not told apart by what stands between. */
export function parseScopeTemplate(text: string): ScopeTemplate | null {
  const literals: string[] = [];
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const open = rest.indexOf('{');
    if (open < 0) break;
    const close = rest.indexOf('}', open);
    if (close < open + 2) return null;
    literals.push(rest.slice(0, open));
    fields.push(rest.slice(open + 1, close));
    rest = rest.slice(close + 1);
  }
  if (rest.includes('}')) return null;
  literals.push(rest);
  const between = literals.slice(1, -1);
  if (between.some((literal) => !SEPARATES.test(literal))) return null;
  const escapes = [...between.map((literal) => ['%', [...literal][0] ?? '']), ...(fields.length > 0 ? [[]] : [])];
  return { text, literals, fields, escapes };
}

/** `character` as it stands in an escaped value: its UTF-8 bytes as `%2F`. */
export function escapeOf(character: string): string {
  const bytes = utf8ToBytes(character);
  return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

/** Longer than any id; the wire names none that is longer. */
const MAX_SCOPE_LENGTH = 200;

/** The scope a record with these values is in by this template; none where a value is null or empty. */
export function fillScopeTemplate(
  template: ScopeTemplate,
  values: Readonly<Record<string, Json | undefined>>,
): Scope | null {
  let scope = template.literals[0] ?? '';
  for (const [index, field] of template.fields.entries()) {
    const value = values[field];
    if (value === null || value === undefined || value === '') return null;
    const text = (template.escapes[index] ?? []).reduce(
      (escaped, character) => escaped.replaceAll(character, escapeOf(character)),
      String(value),
    );
    scope += `${text}${template.literals[index + 1] ?? ''}`;
  }
  return [...scope].length > MAX_SCOPE_LENGTH ? null : (scope as Scope);
}
