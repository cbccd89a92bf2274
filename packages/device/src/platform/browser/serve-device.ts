import { HoldfastError, type Schema } from '@holdfast/core';
import { expose } from 'comlink';
import type { Engine } from '../../engine/engine.ts';
import { openEngine } from '../../engine/open-engine.ts';
import { httpBackend } from '../../link/http-backend.ts';
import { installErrorTransfer } from '../../remote/error-transfer.ts';
import type { WorkerApi } from '../../remote/worker-api.ts';
import { webGzip } from '../web-gzip.ts';
import { browserDeviceKey } from './browser-device-key.ts';
import { browserPlatform } from './browser-platform.ts';
import { browserStorage } from './browser-storage.ts';
import { preloadSqlite } from './load-sqlite.ts';
import { warmSmallStore } from './small-store.ts';
import { storeName } from './store-name.ts';

export interface ServeDeviceOptions<S extends Schema> {
  /** The same schema as the page's. */
  readonly schema: S;
  /** Where to load SQLite's WebAssembly from, when the bundler does not carry it along. */
  readonly wasmUrl?: string;
}

const APP = 'holdfast';

/** Makes this worker the home of the page's device: its store, its keys and its engine. */
export function serveDevice<S extends Schema>({ schema, wasmUrl }: ServeDeviceOptions<S>): void {
  installErrorTransfer();
  preloadSqlite(wasmUrl);
  warmSmallStore(APP);
  let running: Engine | null = null;
  const engine = (): Engine => {
    if (running === null) throw new HoldfastError('StoreClosed');
    return running;
  };
  const api: WorkerApi = {
    async open({ user, backend, sync, hold }, token) {
      running = await openEngine({
        schema,
        user,
        folder: browserStorage({ user: user.id, name: APP, ...(wasmUrl !== undefined && { wasmUrl }) }),
        unlock: browserDeviceKey({ name: APP }),
        backend: httpBackend({
          ...backend,
          token: (ask) => token(ask),
          fetch: (target, init) => fetch(target, init),
          gzip: webGzip(),
        }),
        platform: browserPlatform({ name: await storeName(APP, user.id) }),
        onFault: (error) => reportError(error),
        ...(sync && { sync }),
        ...(hold && { hold }),
      });
    },
    commit: (intents, options) => engine().commit(intents, options),
    select: (plan) => engine().select(plan),
    watch: (plan, onRows, onError) =>
      engine().watch(plan, {
        onRows,
        onError: (error) => onError(error instanceof Error ? error.message : String(error)),
      }),
    unwatch: (watch) => engine().unwatch(watch),
    listen: (listener) => engine().listen(listener),
    outbox: () => engine().outbox(),
    act: (action) => engine().act(action),
    look: (query) => engine().look(query),
    fetch: (collection, record) => engine().fetch(collection, record),
    sync: () => engine().sync(),
    pause: () => engine().pause(),
    resume: () => engine().resume(),
    nudge: (why) => engine().nudge(why),
    close: () => engine().close(),
  };
  expose(api);
}
