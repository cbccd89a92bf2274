import {
  err,
  isJsonObject,
  type Json,
  ok,
  parseJson,
  RECORD_ID_PATTERN,
  type Result,
  type Schema,
  validateFields,
} from '@holdfast/core';
import type { ImportRow } from '@holdfast/server';
import type { FhirMapping, MappedRow } from './fhir-mapping.ts';

/** A row that fits the schema, and the collection it is for. */
export interface CheckedRow extends ImportRow {
  readonly collection: string;
}

const MAX_DEPTH = 64;
const PROBLEMS = {
  malformed: 'is not JSON',
  'too-deep': 'is nested too deep',
  'duplicate-key': 'has a key twice in one object',
  'reserved-key': 'has a reserved key',
} as const;

/** The rows that one line of an NDJSON file becomes, or in words why it becomes none. */
export function mapLine(
  bytes: Uint8Array,
  mapping: FhirMapping,
  schema: Schema,
): Result<readonly CheckedRow[], string> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return err('is not UTF-8 text');
  }
  const parsed = parseJson(text, MAX_DEPTH);
  if ('problem' in parsed) return err(PROBLEMS[parsed.problem]);
  // What a JSON text holds is Json.
  const resource = parsed.value as Json;
  if (!isJsonObject(resource)) return err('is not a JSON object');
  const { resourceType } = resource;
  if (typeof resourceType !== 'string') return err('has no resourceType');
  const map = Object.hasOwn(mapping.types, resourceType) ? mapping.types[resourceType] : undefined;
  if (map === undefined) return err(`holds a ${resourceType}, which the app does not take in`);
  return checkRows(map(resource), schema);
}

/** Rows as they are stored, or the first problem in words. */
export function checkRows(rows: readonly MappedRow[], schema: Schema): Result<readonly CheckedRow[], string> {
  const checked: CheckedRow[] = [];
  for (const row of rows) {
    const collection = schema.collections.get(row.collection);
    if (collection === undefined) return err(`is mapped to "${row.collection}", which is not a collection`);
    if (!RECORD_ID_PATTERN.test(row.id)) return err('has no usable id');
    const fields = validateFields(collection, row.id, row.values, 'create');
    if (!fields.ok) {
      const problems = fields.issues.map((issue) => `${issue.path.join('.')}: ${issue.expected}`);
      return err(`does not fit ${row.collection} (${problems.join('; ')})`);
    }
    checked.push({ collection: row.collection, id: row.id, values: fields.values });
  }
  return ok(checked);
}
