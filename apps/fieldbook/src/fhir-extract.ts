/** Small readers of FHIR R4 structures. What is not there, or not of the expected form, is null. */
import { isJsonObject, type Json, type JsonObject } from '@holdfast/core';

type Value = Json | undefined;

export function text(value: Value): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

export function number(value: Value): number | null {
  return typeof value === 'number' ? value : null;
}

export function object(value: Value): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function list(value: Value): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((item: Json) => isJsonObject(item)) : [];
}

export function first(value: Value): JsonObject {
  return list(value)[0] ?? {};
}

/** What a CodeableConcept calls itself: its text, else the first coding's. */
export function conceptText(value: Value): string | null {
  const concept = object(value);
  return text(concept.text) ?? text(first(concept.coding).display) ?? text(first(concept.coding).code);
}

export function conceptCode(value: Value): string | null {
  return text(first(object(value).coding).code);
}

/** The id in `Patient/123`, `https://…/Patient/123` or `Patient/123/_history/1`; null for another type. */
export function referencedId(value: Value, type: string): string | null {
  const reference = text(object(value).reference);
  const found = reference?.match(/(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/);
  return found?.[1] === type ? (found[2] ?? null) : null;
}

/**
 * A FHIR dateTime as an instant. A date alone is put at noon in UTC, which is the same day almost
 * everywhere; a year or a month alone is no instant.
 */
export function instant(value: Value): string | null {
  const given = text(value);
  if (given === null) return null;
  if (/^\d{4}-\d{2}-\d{2}$/.test(given)) return `${given}T12:00:00Z`;
  return given.includes('T') ? given : null;
}

/** `Dr. Del Williamson` from a list of HumanName; the official one where several are given. */
export function humanName(value: Value): string | null {
  const names = list(value);
  const name = names.find((each) => each.use === 'official') ?? names[0] ?? {};
  const parts = [name.prefix, name.given, name.family, name.suffix].flatMap((part) =>
    Array.isArray(part) ? part : [part],
  );
  const given = parts.map((part: Value) => text(part)).filter((part) => part !== null);
  return text(given.join(' ')) ?? text(name.text);
}

export function addressLine(value: Value): string | null {
  const address = first(value);
  const lines = Array.isArray(address.line) ? address.line : [];
  const parts = [...lines, address.city].map((part: Value) => text(part)).filter((part) => part !== null);
  return parts.length > 0 ? parts.join(', ') : text(address.text);
}

export function phone(value: Value): string | null {
  return text(list(value).find((each) => each.system === 'phone')?.value);
}

/** `71.5 kg`: two decimals at most; the exact figure stays in the resource. */
export function quantity(value: Value): string | null {
  const amount = number(object(value).value);
  if (amount === null) return null;
  const unit = plainUnit(text(object(value).unit));
  return `${Math.round(amount * 100) / 100}${unit === '' ? '' : ` ${unit}`}`;
}

/** UCUM's braces and brackets are for machines: `mm[Hg]` is mmHg, `{score}` says nothing. */
function plainUnit(unit: string | null): string {
  return (unit ?? '').replace(/\{[^}]*\}/g, '').replace(/[[\]]/g, '');
}
