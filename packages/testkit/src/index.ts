/** Contract suites that every driver of a port runs. */
export { type ServerStoreTraits, serverStoreContract } from './contracts/server-store-contract.ts';
export type { StorageDriverHarness, StorePlace } from './contracts/storage-driver/storage-driver-harness.ts';
export { storageDriverContract } from './contracts/storage-driver-contract.ts';
export type { UnlockHarness } from './contracts/unlock/unlock-cases.ts';
export { unlockContract } from './contracts/unlock-contract.ts';
export { clinic } from './server/clinic.ts';
export { type MutationParts, MutationMaker, requestOf } from './server/mutations.ts';
export { Replica, type ReplicaRecord } from './server/replica.ts';
/** A fresh database on a real Postgres for each test file. */
export { onPostgres, type TestDatabase } from './postgres/on-postgres.ts';
export { systemPorts } from './system-ports.ts';
