import type { JsonObject } from '@holdfast/core';

/** A row for a collection, not yet checked against the schema. */
export interface MappedRow {
  readonly collection: string;
  readonly id: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * How an app's collections take in FHIR resources. Pure: the same resource gives the same rows on
 * every run, so that an import can be repeated. What a resource lacks is mapped to null; the schema
 * then says whether that will do, and the line is named.
 */
export interface FhirMapping {
  /** Rows that the mapped ones refer to and that no resource describes; imported first. */
  readonly before: readonly MappedRow[];
  /** By resource type, in the order of import: what others refer to comes first. */
  readonly types: Readonly<Record<string, (resource: JsonObject) => readonly MappedRow[]>>;
}
