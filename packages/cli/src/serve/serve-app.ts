import { randomBytes } from 'node:crypto';
import {
  announceServer,
  createHandler,
  type Handler,
  jwtAuth,
  keepCompacting,
  type Logger,
  type RunningServer,
  serve,
} from '@holdfast/server';
import type { LoadedConfig } from '../config/load-config.ts';
import { machine, openStore } from '../open-store.ts';
import { seedOnce } from './seed-once.ts';
import { signingSecret } from './signing-secret.ts';
import { loadStaticSite } from './static-site.ts';

export interface ServeAppOptions {
  /** Default: this machine only. */
  readonly host?: string;
  readonly logger?: Logger;
  /** Told what takes a while. */
  readonly say?: (what: string) => void;
}

export interface RunningApp {
  readonly url: string;
  /** Takes no more requests, ends what is under way and frees the data folder. */
  close(): Promise<void>;
}

/**
 * An app on one port: its server, its own files, its data folder. The one place where these are wired
 * together.
 *
 * @throws HoldfastError `PortTaken`, `DataFolderBusy`, `DataFolderReadOnly`, `DataFolderVersion`,
 * `DatabaseMismatch`, `WebFolderMissing`, `InvalidConfig`, `InvalidSchema`
 */
export async function serveApp(config: LoadedConfig, options: ServeAppOptions = {}): Promise<RunningApp> {
  const { schema, data, port, web, users, seed, commands, addresses = [] } = config;
  const { host, logger, say } = options;
  const site = web === undefined ? null : await loadStaticSite(web, addresses);
  say?.(`Opening ${data}`);
  const store = await openStore(schema, data);
  try {
    if (seed !== undefined) {
      const rows = await seedOnce(data, store, schema, () => seed({ nowMs: machine.clock.now() }));
      if (rows > 0) say?.(`First start: wrote ${rows.toLocaleString('en')} rows of sample data.`);
    }
    const secret = config.secret ?? (await signingSecret(data));
    const adminSecret = randomBytes(32).toString('base64url');
    const handler = createHandler({
      store,
      schema,
      auth: jwtAuth({ secret, clock: machine.clock }),
      clock: machine.clock,
      adminSecret,
      origins: addresses,
      ...(commands === undefined ? {} : { commands }),
      ...(users === undefined ? {} : { devUsers: users }),
      ...(site === null ? {} : { fallback: site }),
      ...(logger === undefined ? {} : { logger }),
    });
    if (users !== undefined && !isLoopback(host)) {
      say?.(`Anyone who reaches ${host} can sign in as anyone, without a password: the configuration names users.`);
    }
    // A page from elsewhere may have its name lead here (DNS rebinding), and would be let in as any of the users.
    const guarded = users === undefined || !isLoopback(host) ? handler : { ...handler, fetch: onlyFromHere(handler) };
    const server: RunningServer = await serve({ handler: guarded, port, ...(host === undefined ? {} : { host }) });
    const compaction =
      config.compaction === false
        ? null
        : keepCompacting({ store, clock: machine.clock, ...(logger && { logger }) }, config.compaction);
    const close = async () => {
      await server.stop();
      await compaction?.stop();
      await store.close();
    };
    await announceServer(data, server.url, adminSecret).catch(async (error: unknown) => {
      await server.stop();
      await compaction?.stop();
      throw error;
    });
    return { url: server.url, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/;

function isLoopback(host: string | undefined): boolean {
  return host === undefined || LOOPBACK.test(host);
}

function onlyFromHere(handler: Handler): Handler['fetch'] {
  return async (request) => {
    if (isLoopback(new URL(request.url).hostname)) return handler.fetch(request);
    return new Response('This server is for this machine only.\n', { status: 421 });
  };
}
