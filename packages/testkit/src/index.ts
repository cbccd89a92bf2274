/** Contract suites that every driver of a port runs. */
export { type ServerStoreTraits, serverStoreContract } from './contracts/server-store-contract.ts';
export { contractCollections, contractSchema } from './contracts/server-store/contract-schema.ts';
export type { StorageDriverHarness, StorePlace } from './contracts/storage-driver/storage-driver-harness.ts';
export { storageDriverContract } from './contracts/storage-driver-contract.ts';
export type { UnlockHarness } from './contracts/unlock/unlock-cases.ts';
export { unlockContract } from './contracts/unlock-contract.ts';
/** A fresh database on a real Postgres for each test file. */
export { onPostgres, type TestDatabase } from './postgres/on-postgres.ts';
export { clinic } from './server/clinic.ts';
export { MutationMaker, type MutationParts, requestOf } from './server/mutations.ts';
export { Replica, type ReplicaRecord } from './server/replica.ts';
export { systemPorts } from './system-ports.ts';
export { sidecarProblems } from './postgres/sidecar-problems.ts';
