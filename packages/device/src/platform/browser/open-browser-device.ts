import { type Schema, uuidV7 } from '@holdfast/core';
import { proxy, wrap } from 'comlink';
import type { Device } from '../../device.ts';
import { createDevice } from '../../facade/create-device.ts';
import type { OpenOptions } from '../../facade/open-options.ts';
import { installErrorTransfer } from '../../remote/error-transfer.ts';
import { remoteEngine } from '../../remote/remote-engine.ts';
import type { WorkerApi } from '../../remote/worker-api.ts';

export interface BrowserOpenOptions<S extends Schema> extends OpenOptions<S> {
  /** Starts the app's device worker, which calls `serveDevice` with the same schema. */
  readonly worker: () => Worker;
}

/**
 * Opens a user's device in a page. The store, the keys and the engine live in the worker; the page only
 * talks to it. Closing the device ends the worker.
 */
export async function openDevice<S extends Schema>(options: BrowserOpenOptions<S>): Promise<Device<S>> {
  installErrorTransfer();
  const worker = options.worker();
  const remote = wrap<WorkerApi>(worker);
  const { token, ...backend } = options.backend;
  try {
    await Promise.race([
      remote.open(
        {
          user: options.user,
          backend,
          ...(options.sync && { sync: options.sync }),
          ...(options.hold && { hold: options.hold }),
        },
        proxy(async (ask) => token(ask)),
      ),
      failure(worker),
    ]);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  const onVisible = () => {
    if (document.visibilityState === 'visible') void remote.nudge('foreground');
  };
  const onOnline = () => void remote.nudge('link');
  document.addEventListener('visibilitychange', onVisible);
  // A page that was put aside, or frozen, and goes on.
  window.addEventListener('pageshow', onVisible);
  document.addEventListener('resume', onVisible);
  window.addEventListener('online', onOnline);
  const engine = remoteEngine(remote, () => {
    document.removeEventListener('visibilitychange', onVisible);
    window.removeEventListener('pageshow', onVisible);
    document.removeEventListener('resume', onVisible);
    window.removeEventListener('online', onOnline);
    worker.terminate();
  });
  const newId = () => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
  return createDevice(options.schema, engine, newId, options.hooks, (error) => reportError(error));
}

/** A worker that cannot even start answers nothing. */
function failure(worker: Worker): Promise<never> {
  return new Promise((_, reject) => {
    worker.addEventListener(
      'error',
      (event) => reject(new Error(`the device worker did not start: ${event.message ?? 'its script did not load'}`)),
      { once: true },
    );
  });
}
