import { serverStoreContract, systemPorts } from '@holdfast/testkit';
import { pgliteStore } from './pglite-store.ts';

serverStoreContract('PGlite', (schema) => pgliteStore({ folder: null, schema, ...systemPorts }), {
  overlapping: false,
});
