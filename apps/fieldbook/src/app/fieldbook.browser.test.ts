/**
 * The built app in a real browser, on its real server: nothing that a person with a screen reader, a
 * keyboard or a small screen stumbles over, and a start without any link.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type RunningApp, serveApp } from '@holdfast/cli';
import { openDevice } from '@holdfast/device/node';
import { freshProfile, launchBrowser, removeProfile, type TestBrowser } from '@holdfast/testkit/browser';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { people } from '../people.ts';
import { sampleData } from '../sample-data.ts';
import { fieldbook } from '../schema.ts';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../..', import.meta.url));
const MENTOR = { id: 'mentor-04', name: 'Kari Nygård' };

let folder: string;
let app: RunningApp;
let browser: TestBrowser;
let page: Page;
let patient: string;
let axe: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldbook-'));
  const web = join(folder, 'web');
  const vite = join(require.resolve('vite/package.json'), '../bin/vite.js');
  await promisify(execFile)(process.execPath, [vite, 'build', '--outDir', web, '--emptyOutDir'], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production' },
  });
  app = await serveApp({
    name: 'Fieldbook',
    schema: fieldbook,
    data: join(folder, 'data'),
    port: 0,
    web,
    users: () => people,
    seed: ({ nowMs }) => sampleData(nowMs),
  });
  axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
  browser = await launchBrowser(await freshProfile());
  page = await browser.newPage(app.url);
  await page.getByRole('button', { name: MENTOR.name }).click();
  const first = page.getByTestId('patients').getByRole('link').first();
  await first.waitFor();
  patient = (await first.getAttribute('data-id')) ?? '';
});

afterAll(async () => {
  await browser?.close();
  if (browser) await removeProfile(browser.profile);
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Place {
  readonly name: string;
  readonly hash: () => string;
  readonly there: () => Promise<unknown>;
}

const heading = (name: string | RegExp) => page.getByRole('heading', { name }).waitFor();
const places: readonly Place[] = [
  { name: 'list', hash: () => '#/', there: () => page.getByTestId('patients').getByRole('link').first().waitFor() },
  { name: 'detail', hash: () => `#/patients/${patient}`, there: () => heading('Timeline') },
  { name: 'new patient', hash: () => '#/new-patient', there: () => heading('New patient') },
  { name: 'edit patient', hash: () => `#/patients/${patient}/edit`, there: () => heading(/^Edit /) },
  { name: 'new visit', hash: () => `#/patients/${patient}/visit`, there: () => heading(/^Visit to /) },
  { name: 'outbox', hash: () => '#/outbox', there: () => heading('What is sent') },
];

async function goTo({ hash, there }: Place): Promise<void> {
  await page.evaluate((target) => {
    window.location.hash = target;
  }, hash());
  await there();
}

async function violations(): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    (window as unknown as { axe: { run(context: Document): Promise<AxeResults> } }).axe.run(document),
  );
  // A run that looked at nothing finds nothing.
  expect(found.passes.length).toBeGreaterThan(10);
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target} ${failureSummary}`),
  );
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [390, 1280]) {
    test(`axe finds nothing on any page, ${colorScheme}, ${width} pixels wide`, async () => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 844 });
      for (const place of places) {
        await goTo(place);
        expect(await violations(), place.name).toEqual([]);
      }
    });
  }
}

test('axe finds nothing in a form that was not accepted, and its first such field has the focus', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await goTo(places[2] as Place);
  await page.getByTestId('save').click();
  await page.getByText('Write the patient’s name.').waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations()).toEqual([]);
  }
  expect(await page.getByLabel('Name', { exact: true }).evaluate((field) => field === document.activeElement)).toBe(
    true,
  );
});

test('nothing scrolls sideways at 320 pixels, and what is touched is 48 pixels high', async () => {
  await page.setViewportSize({ width: 320, height: 640 });
  for (const place of places) {
    await goTo(place);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), place.name).toBe(320);
    const targets = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('a, button, input, select, textarea, summary, label:has(input)')]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.radio span'))
        .map((element) => ({ height: element.getBoundingClientRect().height, html: element.outerHTML.slice(0, 120) })),
    );
    expect(targets.length, place.name).toBeGreaterThan(5);
    const small = targets.filter(({ height }) => height < 47.5);
    expect(small, place.name).toEqual([]);
  }
});

test('the arrow keys go through the list, which is one stop for the Tab key', async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await goTo(places[0] as Place);
  const rows = page.getByTestId('patients').getByRole('link');
  await rows.first().focus();
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset.id);
  const [first, second] = [await rows.nth(0).getAttribute('data-id'), await rows.nth(1).getAttribute('data-id')];
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction((id) => (document.activeElement as HTMLElement).dataset.id === id, second);
  await page.keyboard.press('Home');
  await page.waitForFunction((id) => (document.activeElement as HTMLElement).dataset.id === id, first);
  await page.keyboard.press('Tab');
  expect(await focused()).toBeUndefined();
});

test('what another device sends waits behind a button while the list is being read', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await goTo(places[0] as Place);
  const rows = page.getByTestId('patients').getByRole('link');
  const before = await rows.count();
  const coordinator = await openDevice({
    schema: fieldbook,
    user: { id: 'coordinator' },
    folder: join(folder, 'coordinator'),
    backend: { url: app.url, token: () => tokenOf('coordinator') },
  });
  await coordinator.write((tx) =>
    tx.patients.create({ name: 'Aaron Early', birthDate: '1984-03-09', sex: 'male', mentorId: MENTOR.id }),
  );
  await coordinator.sync();
  await coordinator.close();
  const waiting = page.getByRole('button', { name: 'Show 1 new' });
  await waiting.waitFor();
  expect(await rows.count()).toBe(before);
  await waiting.click();
  await rows.filter({ hasText: 'Aaron Early' }).waitFor();
  expect(await rows.count()).toBe(before + 1);
});

async function tokenOf(user: string): Promise<string> {
  const response = await fetch(`${app.url}/v1/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  const { token } = (await response.json()) as { token: string };
  return token;
}

test('[ST4] the app starts without a link, and its caches hold nothing from the server', async () => {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.close();
  await browser.setOffline(true);
  page = await browser.newPage(app.url);
  await page.getByTestId('patients').getByRole('link').first().waitFor();
  await page.getByTestId('link-state').getByText('No link.').waitFor();
  const cached = await page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ url }) => new URL(url).pathname);
  });
  expect(cached).toContain('/index.html');
  expect(cached.filter((path) => path.startsWith('/v1/'))).toEqual([]);
  expect(cached.some((path) => path.endsWith('.wasm'))).toBe(true);
  expect(browser.pageErrors).toEqual([]);
});
