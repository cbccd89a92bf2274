/**
 * The service worker, and what to do when it has fetched a newer version of the app. The new version
 * waits until the person says so: nothing is reloaded over what they are typing.
 */
import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let waiting: ServiceWorker | null = null;

function setWaiting(worker: ServiceWorker): void {
  waiting = worker;
  for (const listener of listeners) listener();
}

/** Registers the service worker that lets the app start without a link. */
export async function registerServiceWorker(address: string): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  // The first worker of all takes over silently; a later one only after `activateUpdate`.
  const controlled = serviceWorker.controller !== null;
  serviceWorker.addEventListener('controllerchange', () => {
    if (controlled) window.location.reload();
  });
  const registration = await serviceWorker.register(address, { type: 'module' });
  if (registration.waiting && controlled) setWaiting(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const found = registration.installing;
    found?.addEventListener('statechange', () => {
      if (found.state === 'installed' && serviceWorker.controller) setWaiting(found);
    });
  });
}

function activateUpdate(): void {
  waiting?.postMessage({ type: 'activate' });
}

/** How to start the version that is ready; null while there is none. */
export function useAppUpdate(): (() => void) | null {
  const worker = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting,
  );
  return worker === null ? null : activateUpdate;
}
