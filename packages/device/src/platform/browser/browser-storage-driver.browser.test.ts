import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ask,
  browserSuites,
  freshProfile,
  launchBrowser,
  removeProfile,
  type ServedPages,
  type Suite,
  serveStoragePages,
  type TestBrowser,
} from '@holdfast/testkit/browser';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let pages: ServedPages;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  pages = await serveStoragePages('build');
  browser = await launchBrowser(await freshProfile());
  page = await browser.newPage(pages.url);
});

afterAll(async () => {
  await browser?.close();
  await pages?.close();
  if (browser) await removeProfile(browser.profile);
});

const SUITES: Readonly<Record<Suite, string>> = {
  opfs: 'StorageDriver: browser, OPFS',
  idb: 'StorageDriver: browser, IndexedDB',
  unlock: 'Unlock: browser device key',
  platform: 'browser platform',
};

for (const [suite, name] of Object.entries(SUITES) as [Suite, string][]) {
  describe(name, () => {
    for (const { title } of browserSuites[suite]) {
      test(title, async () => {
        expect(await ask(page, 'runCase', suite, title)).toBeNull();
        expect(browser.pageErrors).toEqual([]);
      });
    }
  });
}

describe('tabs', () => {
  test('[WR1] two tabs that write at once lose nothing', async () => {
    const other = await browser.newPage(pages.url);
    await ask(page, 'open', 'two-tabs');
    await ask(other, 'open', 'two-tabs');
    await Promise.all([ask(page, 'increment', 100), ask(other, 'increment', 100)]);
    expect(await ask(page, 'counter')).toBe(200);
    expect(await ask(other, 'counter')).toBe(200);
    await ask(page, 'close');
    await other.close();
    expect(browser.pageErrors).toEqual([]);
  });

  test('[WR1] [ST4] a worker ended inside a write leaves nothing of it, for the tab that had the store open too', async () => {
    const writer = await browser.newPage(pages.url);
    const acknowledged = await listenForBatches(writer);
    await ask(page, 'open', 'ended-worker');
    for (let round = 0; round < 10; round += 1) {
      await ask(writer, 'open', 'ended-worker');
      await ask(writer, 'startWriting');
      await acknowledged.atLeast(acknowledged.count() + 1);
      await new Promise((resolve) => setTimeout(resolve, 3 * round));
      await writer.evaluate(() => window.replaceWorker());
      const seen = await ask(page, 'inspect');
      expect(seen).toMatchObject({ torn: 0, integrity: 'ok', last: seen.batches });
      expect(seen.batches).toBeGreaterThanOrEqual(acknowledged.count());
    }
    await ask(page, 'close');
    await writer.close();
    expect(browser.pageErrors).toEqual([]);
  });
});

test('[WR1] runs the same from a development server', async () => {
  const sources = await serveStoragePages('dev');
  const tab = await browser.newPage(sources.url);
  await ask(tab, 'open', 'dev');
  await ask(tab, 'increment', 2);
  expect(await ask(tab, 'counter')).toBe(2);
  await tab.close();
  await sources.close();
  expect(browser.pageErrors).toEqual([]);
});

test('[WR7] an exceeded quota is StoreFull; what was there stays, and goes on once there is room', async () => {
  await ask(page, 'open', 'quota');
  await ask(page, 'increment', 3);
  const origin = new URL(pages.url).origin;
  const session = await browser.context.newCDPSession(page);
  const { usage } = await session.send('Storage.getUsageAndQuota', { origin });
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 2_000_000 });
  expect(await ask(page, 'fill', 8)).toBe('StoreFull');
  expect(await ask(page, 'counter')).toBe(3);
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  expect(await ask(page, 'fill', 8)).toBeNull();
  await ask(page, 'increment', 1);
  expect(await ask(page, 'counter')).toBe(4);
  expect(await ask(page, 'inspect')).toMatchObject({ integrity: 'ok' });
  await ask(page, 'close');
});

test('[WR1] a killed browser keeps every acknowledged write, whole, and nothing of an unfinished one', async () => {
  const profile = await freshProfile();
  let last = 0;
  for (let round = 0; round < 10; round += 1) {
    const doomed = await launchBrowser(profile);
    const tab = await doomed.newPage(pages.url);
    const acknowledged = await listenForBatches(tab, last);
    await ask(tab, 'open', 'killed');
    const seen = await ask(tab, 'inspect');
    expect(seen).toMatchObject({ torn: 0, integrity: 'ok', last: seen.batches });
    expect(seen.batches).toBeGreaterThanOrEqual(last);
    await ask(tab, 'startWriting');
    await acknowledged.atLeast(seen.batches + 5 + round);
    await doomed.kill();
    last = acknowledged.count();
    expect(doomed.pageErrors).toEqual([]);
  }
  expect(last).toBeGreaterThanOrEqual(50);
  await removeProfile(profile);
});

test('[ST1] nothing that was written is readable in the browser’s profile, in use or closed', async () => {
  const marker = `marker-${randomUUID()}`;
  const control = `control-${randomUUID()}`;
  await ask(page, 'open', 'secrets');
  await ask(page, 'remember', marker);
  await page.evaluate(async (text) => {
    const folder = await navigator.storage.getDirectory();
    const file = await (await folder.getFileHandle('in-clear', { create: true })).createWritable();
    await file.write(text);
    await file.close();
  }, control);
  expect(await filesWith(browser.profile, marker)).toEqual([]);
  await ask(page, 'close');
  await browser.close();
  expect(await filesWith(browser.profile, marker)).toEqual([]);
  // The search does find what stands there in clear.
  expect(await filesWith(browser.profile, control)).not.toEqual([]);
});

/** Counts the batches whose write has resolved. */
async function listenForBatches(tab: Page, known = 0) {
  let last = known;
  let onBatch = () => {};
  await tab.exposeFunction('acknowledged', (batch: number) => {
    last = Math.max(last, batch);
    onBatch();
  });
  return {
    count: () => last,
    atLeast: (batch: number) =>
      new Promise<void>((resolve) => {
        onBatch = () => last >= batch && resolve();
        onBatch();
      }),
  };
}

async function filesWith(folder: string, marker: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(file)).includes(marker)) found.push(file);
  }
  return found;
}
