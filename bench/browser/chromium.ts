import { join } from 'node:path';
import { freshProfile, launchBrowser, removeProfile } from '@holdfast/testkit/browser';
import type { Page } from 'playwright-core';
import { FIRST_ROWS } from '../lib/bench-schema.ts';
import { type BenchServer, benchServer } from '../lib/bench-server.ts';
import { builtPage } from '../lib/built-page.ts';
import { type Figure, median } from '../lib/figures.ts';
import { type CoreShare, shareOfCore } from '../lib/share-of-core.ts';
import type {} from './page/page.ts';

const WRITES = 300;
const WARM_UP = 50;
const REOPENS = 9;
const QUARTER = 0.25;
const BROWSER_SETTLES_MS = 2_000;

/** The browser's figures, on all of a core and on a quarter of one. */
export async function benchChromium(say: (text: string) => void): Promise<Figure[]> {
  // One origin for page and server, as an app has it: the store belongs to the origin.
  const server = await benchServer(await builtPage(join(process.cwd(), 'bench/browser/page')));
  const profile = await freshProfile();
  try {
    await fill(profile, server);
    const whole = await measure(profile, server.url, null);
    const share = await shareOfCore(QUARTER);
    if (share === null) say('A quarter of a core was not measured: no control group can be made here.');
    const quarter = share === null ? null : await measure(profile, server.url, share);
    await share?.end();
    return [
      ...figures(whole, '', { write: 4, reopen: 400 }),
      ...(quarter === null ? [] : figures(quarter, ', on a quarter of a core', { write: null, reopen: null })),
    ];
  } finally {
    await server.close();
    await removeProfile(profile);
  }
}

interface Measured {
  readonly writes: readonly number[];
  readonly reopens: readonly number[];
}

function figures(
  { writes, reopens }: Measured,
  where: string,
  goals: { readonly write: number | null; readonly reopen: number | null },
): Figure[] {
  return [
    {
      name: `Chromium: durable write${where}`,
      unit: 'ms',
      value: median(writes),
      goal: goals.write,
      detail: `median of ${writes.length}, from the page, with 20,000 records in the store`,
    },
    {
      name: `Chromium: reopening to the first 50 rows${where}`,
      unit: 'ms',
      value: median(reopens),
      goal: goals.reopen,
      detail: `from page start, 20,000 records, median of ${reopens.length}; ${reopens.map((ms) => ms.toFixed(0)).join(', ')}`,
    },
  ];
}

/** Fills the store as a device does: by its first sync. */
async function fill(profile: string, { url, token }: BenchServer): Promise<void> {
  const browser = await launchBrowser(profile);
  try {
    const page = await browser.newPage(`${url}/?token=${token}`);
    await page.waitForFunction(() => window.bench);
    const ready = await page.evaluate(() => window.bench.fill());
    if (!ready) throw new Error('the page did not sync');
    await page.evaluate(() => window.bench.close());
  } finally {
    await browser.close();
  }
}

async function measure(profile: string, url: string, share: CoreShare | null): Promise<Measured> {
  const reopens: number[] = [];
  for (let round = 0; round < REOPENS; round += 1) {
    reopens.push(await inBrowser(profile, url, share, reopen));
  }
  const writes = await inBrowser(profile, url, share, (page) =>
    page.evaluate(([count, warmUp]) => window.bench.write(count ?? 0, warmUp ?? 0), [WRITES, WARM_UP]),
  );
  return { writes, reopens };
}

/** Each round has a browser of its own, so that nothing of the round before is in its memory. */
async function inBrowser<T>(
  profile: string,
  url: string,
  share: CoreShare | null,
  work: (page: Page) => Promise<T>,
): Promise<T> {
  const browser = await launchBrowser(profile);
  try {
    // The browser's own start is not the page's.
    await new Promise((resolve) => setTimeout(resolve, BROWSER_SETTLES_MS));
    await share?.add(browser.pid);
    const page = await browser.newPage(url);
    await page.waitForFunction(() => window.bench);
    return await work(page);
  } finally {
    await browser.close();
  }
}

async function reopen(page: Page): Promise<number> {
  const { ms, rows } = await page.evaluate(() => window.bench.first);
  if (rows !== FIRST_ROWS) throw new Error(`${rows} rows of ${FIRST_ROWS}`);
  return ms;
}
