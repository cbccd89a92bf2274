/** The `holdfast` command as a library: what an app's configuration says, and what the commands do with it. */
export type { FhirMapping, MappedRow } from './fhir/fhir-mapping.ts';
