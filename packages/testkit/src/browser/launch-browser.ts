import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium } from './find-chromium.ts';

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
];

/** A running browser with its own profile. */
export interface TestBrowser {
  /** Of its first process. */
  readonly pid: number;
  readonly context: BrowserContext;
  /** Where it keeps everything, OPFS and IndexedDB included. */
  readonly profile: string;
  /** Errors that pages did not catch, in all pages so far. */
  readonly pageErrors: readonly string[];
  newPage(url: string): Promise<Page>;
  /** Pages and service workers see no network. A link that really breaks is `cuttableProxy`. */
  setOffline(offline: boolean): Promise<void>;
  /** kill -9, of all its processes at once. The profile stays. */
  kill(): Promise<void>;
  /** Ends it in good order. The profile stays. */
  close(): Promise<void>;
}

export async function freshProfile(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'holdfast-profile-'));
}

export async function removeProfile(profile: string): Promise<void> {
  await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Starts Chromium without a window on a profile folder; the same one again after `kill` or `close`. */
export async function launchBrowser(profile: string): Promise<TestBrowser> {
  // A process group of its own, so that one signal reaches every process of the browser.
  const child = spawn(findChromium(), [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const signalAll = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal);
  };
  // Whatever ends the tests ends the browser.
  const onExit = () => signalAll('SIGKILL');
  process.once('exit', onExit);
  exited.then(() => process.off('exit', onExit));

  const browser = await chromium.connectOverCDP(await debuggerUrl(child)).catch((error: unknown) => {
    signalAll('SIGKILL');
    throw error;
  });
  const [context] = browser.contexts();
  if (!context) throw new Error('Chromium started without its default context');
  const pageErrors: string[] = [];
  if (child.pid === undefined) throw new Error('Chromium has no process id');
  return {
    pid: child.pid,
    context,
    profile,
    pageErrors,
    async newPage(url) {
      const page = await context.newPage();
      page.on('pageerror', (error) => pageErrors.push(`${error.stack ?? error}`));
      page.on('crash', () => pageErrors.push(`the page ${url} crashed`));
      await page.goto(url);
      return page;
    },
    setOffline: (offline) => context.setOffline(offline),
    async kill() {
      signalAll('SIGKILL');
      await exited;
      await browser.close().catch(() => {});
    },
    async close() {
      await browser.close().catch(() => {});
      signalAll('SIGTERM');
      await exited;
    },
  };
}

/** Chromium says on its error output where its debugger listens. */
async function debuggerUrl(child: ChildProcess): Promise<string> {
  if (!child.stderr) throw new Error('Chromium was started without an error output');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    const url = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (url !== undefined) {
      // Its pipe has to be emptied on, or it stops when that is full.
      child.stderr.resume();
      return url;
    }
    said.push(line);
  }
  throw new Error(`Chromium did not start:\n${said.join('\n')}`);
}
