/** Contract suites that every driver of a port runs. */

// What a test of a device says to the server it is played against.
export { commandHandlers, type Principal, reject } from '@holdfast/server';
export { nasty } from './contracts/nasty-values.ts';
export { contractCollections, contractSchema } from './contracts/server-store/contract-schema.ts';
export { type ServerStoreTraits, serverStoreContract } from './contracts/server-store-contract.ts';
export {
  KEY as CONTRACT_KEY,
  type StorageDriverHarness,
  type StorePlace,
} from './contracts/storage-driver/storage-driver-harness.ts';
export { storageDriverContract } from './contracts/storage-driver-contract.ts';
export type { UnlockHarness } from './contracts/unlock/unlock-cases.ts';
export { unlockContract } from './contracts/unlock-contract.ts';
export {
  type InProcessServer,
  inProcessServer,
  type TestDevice,
  type TestLink,
  testDevice,
} from './device/in-process.ts';
/** A fresh database on a real Postgres for each test file. */
export { onPostgres, type TestDatabase } from './postgres/on-postgres.ts';
export { sidecarProblems } from './postgres/sidecar-problems.ts';
export { clinic } from './server/clinic.ts';
export { MutationMaker, type MutationParts, requestOf } from './server/mutations.ts';
export { Replica, type ReplicaRecord } from './server/replica.ts';
export { createVirtualTime, settlePromises, type VirtualTime } from './sim/virtual-time.ts';
export { systemPorts } from './system-ports.ts';
