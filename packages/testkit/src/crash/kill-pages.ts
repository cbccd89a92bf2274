import type { Page } from 'playwright-core';
import { freshProfile, launchBrowser, removeProfile, type TestBrowser } from '../browser/launch-browser.ts';
import { ask, serveStoragePages } from '../browser/storage-pages.ts';
import { createChance } from '../sim/chance.ts';
import type { KillReport } from './kill-processes.ts';

const STORE = 'killed-pages';
const MOST_BATCHES = 6;
const LONGEST_AFTER_MS = 25;
/** How often what is killed: mostly the worker, as locking does; rarely the whole browser. */
const VICTIMS = [...Array(12).fill('worker'), ...Array(4).fill('page'), 'renderer', 'renderer', 'browser'] as const;

/**
 * A worker in Chromium that writes to its encrypted store in OPFS, and is ended at some moment: alone, with
 * its page, by a crash of the page's process, or with the whole browser. What it acknowledged must be
 * there, whole, and nothing of what it did not finish.
 */
export async function killPages(kills: number, seed: number): Promise<KillReport> {
  const chance = createChance(seed);
  const pages = await serveStoragePages('build');
  const profile = await freshProfile();
  const problems: string[] = [];
  let acknowledged = 0;
  let browser = await launchBrowser(profile);
  const newTab = async (): Promise<Tab> =>
    openTab(browser, pages.url, (batch) => {
      acknowledged = Math.max(acknowledged, batch);
    });
  let tab = await newTab();
  const look = async (when: string) => {
    await ask(tab.page, 'open', STORE);
    const { batches, last, torn, integrity } = await ask(tab.page, 'inspect');
    if (torn > 0) problems.push(`${when}: ${torn} of ${batches} batches are torn`);
    if (integrity !== 'ok') problems.push(`${when}: ${integrity}`);
    if (last !== batches) problems.push(`${when}: of ${last} batches ${batches} are there`);
    if (batches < acknowledged) problems.push(`${when}: ${acknowledged} were acknowledged, ${batches} are there`);
    return batches;
  };
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const there = await look(`before kill ${kill}`);
      await ask(tab.page, 'startWriting');
      await tab.atLeast(there + chance.below(MOST_BATCHES));
      await new Promise((resume) => setTimeout(resume, chance.below(LONGEST_AFTER_MS)));
      const victim = chance.pick(VICTIMS);
      if (victim === 'worker') await tab.page.evaluate(() => window.replaceWorker());
      else {
        if (victim === 'page') await tab.page.close();
        else if (victim === 'renderer') await crash(tab.page);
        else {
          await browser.kill();
          browser = await launchBrowser(profile);
        }
        tab = await newTab();
      }
    }
    await look('after the last kill');
  } finally {
    await browser.kill();
    await pages.close();
    await removeProfile(profile);
  }
  return { kills, acknowledged, problems };
}

interface Tab {
  readonly page: Page;
  atLeast(batch: number): Promise<void>;
}

async function openTab(browser: TestBrowser, url: string, onBatch: (batch: number) => void): Promise<Tab> {
  const page = await browser.newPage(url);
  let last = 0;
  let heard = () => {};
  await page.exposeFunction('acknowledged', (batch: number) => {
    last = Math.max(last, batch);
    onBatch(batch);
    heard();
  });
  return {
    page,
    atLeast: (batch) =>
      new Promise((resolve) => {
        heard = () => last >= batch && resolve();
        heard();
      }),
  };
}

/** Ends the page's process, as running out of memory does. */
async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  // It never answers.
  session.send('Page.crash').catch(() => {});
  await crashed;
  await page.close();
}
