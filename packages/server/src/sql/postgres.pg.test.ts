import { onPostgres, serverStoreContract, systemPorts } from '@holdfast/testkit';
import { postgresStore } from './postgres-store.ts';

await onPostgres('the contract on Postgres', (database) => {
  serverStoreContract(
    'Postgres',
    (schema) => postgresStore({ connectionString: database().connectionString, schema, ...systemPorts }),
    { overlapping: true },
  );
});
