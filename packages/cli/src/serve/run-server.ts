import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { Logger } from '@holdfast/server';
import { isPort, loadConfig } from '../config/load-config.ts';
import { serveApp } from './serve-app.ts';

export interface RunServerOptions {
  /** The path of `holdfast.config.ts`. */
  readonly config: string;
  /** Default: `PORT`, then what the configuration says. */
  readonly port?: string;
  /** Default: `HOST`, then this machine only. */
  readonly host?: string;
  /** The data folder. Default: what the configuration says. */
  readonly data?: string;
  /** Another way to tell it to stop. */
  readonly until?: AbortSignal;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/;

/**
 * Serves an app until the process is told to stop (Ctrl-C, SIGTERM), and resolves once it has. The last
 * line it prints is the address.
 *
 * @throws HoldfastError what stands in the way of starting
 */
export async function runServer(options: RunServerOptions): Promise<void> {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const port = portOf(options.port ?? process.env.PORT);
  const host = options.host ?? process.env.HOST;
  // From here on: who stops the start itself wants it stopped cleanly too.
  const stopped = nextStop(options.until);
  const loaded = await loadConfig(options.config);
  const config = {
    ...loaded,
    ...(port === null ? {} : { port }),
    ...(options.data === undefined ? {} : { data: resolve(options.data) }),
  };
  const app = await serveApp(config, { say, logger: errorsTo(process.stderr), ...(host ? { host } : {}) });
  say('The data is kept by PGlite, which runs without fsync: good for trying, not for keeping. Use Postgres for that.');
  if (host && !LOOPBACK.test(host)) {
    say('Browsers let an app keep data only over https or on this machine: for other devices put https in front.');
  }
  say(`${config.name} is ready: ${app.url}`);
  await stopped;
  await app.close();
}

/** The port that a flag or the environment names; null where neither does. */
function portOf(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const port = Number(text);
  if (isPort(port)) return port;
  throw new HoldfastError('InvalidConfig', `the port must be a whole number from 0 to 65535, not "${text}"`);
}

/** The first signal asks for a clean stop; by the second the process just ends. */
function nextStop(until: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    if (until?.aborted) stop();
    else until?.addEventListener('abort', stop);
  });
}

/** A server that is tried out says nothing of what goes well. */
function errorsTo(output: { write(text: string): unknown }): Logger {
  return {
    info: () => undefined,
    error: (fields, message) => {
      const { err } = fields as { err?: unknown };
      output.write(`${message}: ${err instanceof Error ? (err.stack ?? err.message) : JSON.stringify(fields)}\n`);
    },
  };
}
