/** Holdfast in Node: where the store is, what opens it, and the platform itself. */
export { type MemoryStorage, type MemoryStorageOptions, memoryStorage } from './platform/node/memory-storage.ts';
export { type NodeDeviceKeyOptions, nodeDeviceKey } from './platform/node/node-device-key.ts';
export { nodePlatform } from './platform/node/node-platform.ts';
export { nodeStorage } from './platform/node/node-storage.ts';
export {
  memoryStorageDriver,
  type NodeStorageDriverOptions,
  openNodeStorageDriver,
} from './platform/node/node-storage-driver.ts';
export type { NodeStoreOptions } from './platform/node/node-store-folder.ts';
export { type NodeOpenOptions, openDevice } from './platform/node/open-node-device.ts';
