/**
 * Lets the app start without a link: keeps the files it is made of, whole versions at a time, and gives
 * them out. It never opens the store, and never keeps an answer of the server.
 */
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope & {
  readonly __WB_MANIFEST: readonly { url: string; revision: string | null }[];
};

precacheAndRoute([...self.__WB_MANIFEST]);
cleanupOutdatedCaches();
// Every address inside the app is the one page; the server's own addresses go to the server.
registerRoute(new NavigationRoute(createHandlerBoundToURL('index.html'), { denylist: [/^\/v1\//] }));

// A new version waits until the person asks for it.
self.addEventListener('message', (event) => {
  if (event.data?.type === 'activate') void self.skipWaiting();
});
