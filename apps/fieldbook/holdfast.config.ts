import { defineConfig } from '@holdfast/cli';
import { fhirMapping } from './src/fhir-mapping.ts';
import { people } from './src/people.ts';
import { sampleData } from './src/sample-data.ts';
import { fieldbook } from './src/schema.ts';

export default defineConfig({
  name: 'Fieldbook',
  schema: fieldbook,
  users: () => people,
  seed: ({ nowMs }) => sampleData(nowMs),
  fhir: fhirMapping,
  web: 'dist',
});
