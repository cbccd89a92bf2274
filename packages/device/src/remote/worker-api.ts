import type { Engine, EngineNews, Look, Looked } from '../engine/engine.ts';
import type { ServerAddress } from '../facade/open-options.ts';
import type { HoldOption } from '../hold/hold.ts';
import type { SyncOptions } from '../sync/sync-loop.ts';

/** What the page tells its worker when it opens a device. */
export interface WorkerOpenOptions {
  readonly user: { readonly id: string };
  readonly backend: Omit<ServerAddress, 'token'>;
  readonly sync?: Partial<SyncOptions>;
  readonly hold?: HoldOption;
}

/** The worker's side, as the page calls it. Functions given to it are proxies of the page's. */
export interface WorkerApi extends Omit<Engine, 'listen' | 'watch' | 'look'> {
  open(
    options: WorkerOpenOptions,
    token: (ask?: { readonly refresh: boolean }) => Promise<string | null>,
  ): Promise<void>;
  listen(listener: (news: EngineNews) => void): Promise<void>;
  look(query: Look): Promise<Looked<Look>>;
  watch(
    plan: Parameters<Engine['watch']>[0],
    onRows: Parameters<Engine['watch']>[1]['onRows'],
    onError: (message: string) => void,
  ): Promise<number>;
}
