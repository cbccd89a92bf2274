/** For tests that drive a real browser: finding, starting and killing it, serving pages, cutting the link. */
export { type CuttableProxy, cuttableProxy, type ProxyTarget, type Wire } from './browser/cuttable-proxy.ts';
export { findChromium } from './browser/find-chromium.ts';
export { freshProfile, launchBrowser, removeProfile, type TestBrowser } from './browser/launch-browser.ts';
export { browserSuites } from './browser/pages/storage/browser-suites.ts';
export type { Inspection, StorageCalls, Suite } from './browser/pages/storage/storage-calls.ts';
export { type ServedPages, type ServePagesOptions, servePages } from './browser/serve-pages.ts';
export { ask, serveStoragePages } from './browser/storage-pages.ts';
