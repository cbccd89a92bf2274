import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the whole project. */
export const repository = fileURLToPath(new URL('../../../..', import.meta.url));

/** Where the FHIR records lie; `HOLDFAST_DATA` says otherwise. */
export const fhirFolder = resolve(repository, process.env.HOLDFAST_DATA ?? '../shared/data', 'synthea-fhir-r4');
