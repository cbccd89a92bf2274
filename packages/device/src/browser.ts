/** Holdfast in a page: opens a device whose engine runs in the page's worker. */
export { type BrowserOpenOptions, openDevice } from './platform/browser/open-browser-device.ts';
