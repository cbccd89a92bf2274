/** Holdfast in a dedicated worker: where a page's store, keys and engine live. */

export { browserDeviceKey } from './platform/browser/browser-device-key.ts';
export { type BrowserPlatform, browserPlatform } from './platform/browser/browser-platform.ts';
export { type BrowserStorageOptions, browserStorage } from './platform/browser/browser-storage.ts';
export {
  type BrowserStorageDriverOptions,
  openBrowserStorageDriver,
} from './platform/browser/browser-storage-driver.ts';
export { encrypting, type LoadedSqlite, loadOverIdb, loadOverOpfs } from './platform/browser/load-sqlite.ts';
export { type ServeDeviceOptions, serveDevice } from './platform/browser/serve-device.ts';
